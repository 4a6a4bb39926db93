//! Where the plane of a command is: in this process, in the one that owns the data folder, or
//! elsewhere.

use std::{env, net::IpAddr, ops::Deref, sync::Arc};

use grump::{Conflict, Error, ErrorKind, Plane};
use grump_client::{RalpherClient, RalpherPlane};
use grump_engine::{Attach, DataFolder, Owner};

use crate::exit::{Failure, Result};

/// The token that a plane elsewhere asks for, or that `serve` is to ask for.
pub(crate) const TOKEN: &str = "GRUMP_TOKEN";

/// A plane, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    plane: Plane,
    whose: Whose,
}

#[derive(Clone, Copy, Debug)]
enum Whose {
    /// This process runs it.
    Own,
    /// The process of this number owns the data folder, and serves.
    Owner(u32),
    /// A server somewhere; whether it is on this machine.
    Elsewhere { here: bool },
}

impl Deref for Place {
    type Target = Plane;

    fn deref(&self) -> &Plane {
        &self.plane
    }
}

impl Place {
    /// The plane that this process runs.
    pub(crate) fn own(plane: Plane) -> Self {
        let whose = Whose::Own;
        Self { plane, whose }
    }

    /// The plane at this address.
    ///
    /// # Errors
    /// `InvalidInput` for an address that is not understood.
    pub(crate) fn at(url: &str) -> grump::Result<Self> {
        let plane = match token() {
            Some(token) => grump_client::connect_with_token(url, &token)?,
            None => grump_client::connect(url)?,
        };
        Ok(Self {
            plane: Plane::new(plane),
            whose: Whose::Elsewhere {
                here: is_loopback(url),
            },
        })
    }

    /// The plane of the process that owns the data folder, if it serves.
    ///
    /// # Errors
    /// `InvalidInput` for an address in `owner.json` that is none.
    pub(crate) fn of_owner(data: &DataFolder) -> grump::Result<Option<Self>> {
        let Some(owner) = Owner::of(data) else {
            return Ok(None);
        };
        let pid = owner.identity.process.pid;
        let attached = owner.attach.as_ref().map(attached);
        Ok(attached.transpose()?.map(|plane| Self {
            plane,
            whose: Whose::Owner(pid),
        }))
    }

    /// Whether what runs there ends with this process.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self.whose, Whose::Own)
    }

    /// Whether it is a server that was named, and not this data folder's.
    pub(crate) const fn is_elsewhere(&self) -> bool {
        matches!(self.whose, Whose::Elsewhere { .. })
    }

    /// Whether its paths are this machine's.
    pub(crate) const fn is_on_this_machine(&self) -> bool {
        !matches!(self.whose, Whose::Elsewhere { here: false })
    }

    /// The process that owns the data folder and serves this plane.
    pub(crate) const fn owner(&self) -> Option<u32> {
        match self.whose {
            Whose::Owner(pid) => Some(pid),
            Whose::Own | Whose::Elsewhere { .. } => None,
        }
    }

    /// Works with it; what goes wrong names the owner.
    pub(crate) async fn work<T>(&self, work: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        work(self).await.map_err(|failure| match failure {
            Failure::Error(error) => self.explain(error).into(),
            other => other,
        })
    }

    /// The error with who it is that refused: what cannot be said to an owner that serves is
    /// refused because it owns the folder.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let Some(pid) = self.owner() else {
            return error;
        };
        if error.kind() != ErrorKind::Unsupported {
            return error.with("pid", pid);
        }
        let message = "the process that serves this data folder cannot be told that";
        let refused = Error::new(ErrorKind::Conflict, message)
            .conflicting(Conflict::new("owned"))
            .with("pid", pid)
            .advise(format!("wait until it ends, or end it: kill -INT {pid}"));
        let operation = error.failed_operation().map(str::to_owned);
        let refused = match operation {
            Some(operation) => refused.operation(operation),
            None => refused,
        };
        let member = error.context().find(|(name, _)| *name == "member");
        let refused = match member.map(|(_, member)| member.to_owned()) {
            Some(member) => refused.with("member", member),
            None => refused,
        };
        refused.caused_by(error)
    }
}

fn attached(attach: &Attach) -> grump::Result<Plane> {
    let base = format!("http://{}", attach.address());
    let client = RalpherClient::builder(&base)
        .token(attach.token())
        .build()?;
    Ok(Plane::new(Arc::new(RalpherPlane::new(client))))
}

/// Whether an address is of this machine.
fn is_loopback(url: &str) -> bool {
    let authority = url.split("//").nth(1).unwrap_or_default();
    let host = authority.split('/').next().unwrap_or_default();
    let host = match host.rsplit_once(':') {
        Some((name, _)) if !host.ends_with(']') => name,
        _ => host,
    };
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// What `GRUMP_TOKEN` says.
pub(crate) fn token() -> Option<String> {
    env::var(TOKEN).ok().filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned() -> Place {
        Place {
            whose: Whose::Owner(4711),
            ..Place::at("ralpher+http://127.0.0.1:1").unwrap()
        }
    }

    #[test]
    fn what_an_owner_cannot_be_told_is_refused_with_its_number_and_what_it_was() {
        let unsupported = Error::unsupported("deliveries.undo").with("member", "loop.verify");
        let refused = owned().explain(unsupported);
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert_eq!(refused.conflict().unwrap().code, "owned");
        let text = refused.to_string();
        for told in ["4711", "deliveries.undo", "loop.verify", "kill -INT 4711"] {
            assert!(text.contains(told), "{told} is missing: {text}");
        }
    }

    #[test]
    fn the_paths_of_a_plane_on_the_loopback_are_this_machines() {
        for (url, expected) in [
            ("ralpher+http://localhost", true),
            ("ralpher+http://127.0.0.1:3000/", true),
            ("ralpher+http://[::1]:3000", true),
            ("ralpher+http://[::1]", true),
            ("ralpher+http://10.0.0.7:3000", false),
            ("ralpher+http://localhost.example:3000", false),
        ] {
            let place = Place::at(url).unwrap();
            assert_eq!(place.is_on_this_machine(), expected, "{url}");
        }
    }

    #[test]
    fn other_errors_stay_what_they_are() {
        let error = owned().explain(Error::new(ErrorKind::NotFound, "there is no such loop"));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let elsewhere = Place::at("ralpher+http://127.0.0.1:1").unwrap();
        let error = elsewhere.explain(Error::unsupported("deliveries.undo"));
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
