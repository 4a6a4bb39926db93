//! Where the plane of a command is: in this process, in the one that owns the data folder, or
//! elsewhere.

use std::{env, net::IpAddr, ops::Deref, sync::Arc};

use grump::{Conflict, Error, ErrorKind, Plane};
use grump_client::{Credential, RalpherClient, RalpherPlane, stream::StreamConfig};
use grump_engine::{Attach, DataFolder, Owner};

use crate::exit::{Failure, Result};

/// The token that a plane elsewhere asks for, or that `serve` is to ask for.
pub(crate) const TOKEN: &str = "GRUMP_API_KEY";

/// How often a stream of a server somewhere is connected again in vain: for about a minute.
const RECONNECTS: u32 = 8;

/// A plane, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    plane: Plane,
    whose: Whose,
}

#[derive(Clone, Debug)]
enum Whose {
    /// This process runs it.
    Own,
    /// The process of this number owns the data folder, and serves.
    Owner { pid: u32, data: DataFolder },
    /// A server somewhere, by its address; whether it is on this machine.
    Elsewhere { url: String, here: bool },
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
        let mut patience = StreamConfig::default();
        patience.reconnects = RECONNECTS;
        let credential = token().map(Credential::bearer);
        let plane = grump_client::connect_with_patience(url, credential, patience)?;
        Ok(Self {
            plane: Plane::new(plane),
            whose: Whose::Elsewhere {
                url: url.to_owned(),
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
            whose: Whose::Owner {
                pid,
                data: data.clone(),
            },
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
        !matches!(self.whose, Whose::Elsewhere { here: false, .. })
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
        use ErrorKind::{Stalled, Transport, Truncated, Unsupported};
        let (pid, data) = match &self.whose {
            Whose::Owner { pid, data } => (pid, data),
            Whose::Elsewhere { url, .. } if error.kind() == Stalled => return gone(url, error),
            _ => return error,
        };
        let serves = Owner::of(data).is_some_and(|owner| owner.identity.process.pid == *pid);
        match error.kind() {
            Unsupported => owned(*pid, error),
            Stalled | Transport | Truncated if !serves => ended(*pid, error),
            _ => error.with("pid", pid),
        }
    }
}

/// What cannot be said to the owner.
fn owned(pid: u32, error: Error) -> Error {
    let message = "the process that serves this data folder cannot be told that";
    let mut refused = Error::new(ErrorKind::Conflict, message)
        .conflicting(Conflict::new("owned"))
        .with("pid", pid)
        .advise(format!("wait until it ends, or end it: kill -INT {pid}"));
    if let Some(operation) = error.failed_operation() {
        refused = refused.operation(operation.to_owned());
    }
    if let Some((_, member)) = error.context().find(|(name, _)| *name == "member") {
        refused = refused.with("member", member);
    }
    refused.caused_by(error)
}

/// The owner is gone, and what it ran with it.
fn ended(pid: u32, error: Error) -> Error {
    let message = "the process that served this data folder has ended";
    Error::new(ErrorKind::Unavailable, message)
        .with("pid", pid)
        .advise("look at what it left with `grump loop ls`; `grump loop start` goes on with it")
        .caused_by(error)
}

/// A server that was followed does not answer any more.
fn gone(url: &str, error: Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the server cannot be reached any more",
    )
    .with("plane", url)
    .advise(format!(
        "what runs there may go on; follow it again with `grump --plane {url} loop watch`"
    ))
    .caused_by(error)
}

fn attached(attach: &Attach) -> grump::Result<Plane> {
    let base = format!("http://{}", attach.address());
    // It does not come back at this address once it has ended.
    let mut stream = StreamConfig::default();
    stream.reconnects = 3;
    let builder = RalpherClient::builder(&base).token(attach.token());
    let client = builder.stream(stream).build()?;
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

/// What `GRUMP_API_KEY` says.
pub(crate) fn token() -> Option<String> {
    env::var(TOKEN).ok().filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of an owner that is gone.
    fn owner() -> Place {
        let data = DataFolder::new("/no/such/folder");
        Place {
            whose: Whose::Owner { pid: 4711, data },
            ..Place::at("ralpher+http://127.0.0.1:1").unwrap()
        }
    }

    #[test]
    fn what_an_owner_cannot_be_told_is_refused_with_its_number_and_what_it_was() {
        let unsupported = Error::unsupported("deliveries.undo").with("member", "loop.verify");
        let refused = owner().explain(unsupported);
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
    fn a_stream_that_breaks_because_the_owner_ended_says_so() {
        let error = owner().explain(Error::new(ErrorKind::Stalled, "again and again"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("has ended"), "{error}");
    }

    #[test]
    fn a_stream_whose_server_is_gone_says_how_to_follow_again() {
        let elsewhere = Place::at("ralpher+http://127.0.0.1:1").unwrap();
        let error = elsewhere.explain(Error::new(ErrorKind::Stalled, "again and again"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let text = error.to_string();
        let command = "grump --plane ralpher+http://127.0.0.1:1 loop watch";
        assert!(text.contains(command), "{text}");
    }

    #[test]
    fn other_errors_stay_what_they_are() {
        let error = owner().explain(Error::new(ErrorKind::NotFound, "there is no such loop"));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let elsewhere = Place::at("ralpher+http://127.0.0.1:1").unwrap();
        let error = elsewhere.explain(Error::unsupported("deliveries.undo"));
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
