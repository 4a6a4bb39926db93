//! [`Tls`]: whom to trust.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use grump_core::{Error, ErrorKind, Result};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Which certificate authorities are trusted to say who a server is.
///
/// ```no_run
/// use grump_http::Tls;
///
/// let company = std::fs::read("/etc/company/ca.pem")?;
/// let tls = Tls::system().and(&company)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "options do nothing until a client is made with them"]
pub struct Tls {
    roots: Roots,
    more: Vec<CertificateDer<'static>>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Roots {
    #[default]
    System,
    Bundled,
    None,
}

impl Tls {
    /// Those that the system trusts, or that `SSL_CERT_FILE` and `SSL_CERT_DIR` name; where it has none,
    /// as in a bare container, those of [`bundled`](Self::bundled). This holds unless told otherwise.
    pub fn system() -> Self {
        Self::default()
    }

    /// Those that Mozilla trusts, as they were when this was built.
    pub fn bundled() -> Self {
        Self {
            roots: Roots::Bundled,
            more: Vec::new(),
        }
    }

    /// Those in this PEM text, and no others.
    ///
    /// # Errors
    /// `InvalidInput` when it holds no certificate.
    pub fn only(pem: &[u8]) -> Result<Self> {
        Self::nobody().and(pem)
    }

    /// Those in this PEM text too.
    ///
    /// # Errors
    /// `InvalidInput` when it holds no certificate.
    pub fn and(mut self, pem: &[u8]) -> Result<Self> {
        let before = self.more.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| no_certificate().caused_by(error))?;
            let usable = RootCertStore::empty().add(certificate.clone());
            usable.map_err(|error| no_certificate().caused_by(error))?;
            self.more.push(certificate);
        }
        if self.more.len() == before {
            return Err(no_certificate());
        }
        Ok(self)
    }

    /// None.
    pub(super) fn nobody() -> Self {
        Self {
            roots: Roots::None,
            more: Vec::new(),
        }
    }

    /// For connections on which one of these protocols is spoken.
    pub(super) fn config(&self, protocols: &[&str]) -> ClientConfig {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what both versions of TLS need");
        let mut config = config
            .with_root_certificates(self.roots())
            .with_no_client_auth();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        config
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let roots = match self.roots {
            Roots::System => system(),
            Roots::Bundled => bundled(),
            Roots::None => Arc::new(RootCertStore::empty()),
        };
        if self.more.is_empty() {
            return roots;
        }
        let mut roots = Arc::unwrap_or_clone(roots);
        // They were looked at when they were given: none is passed over.
        roots.add_parsable_certificates(self.more.iter().cloned());
        Arc::new(roots)
    }
}

fn no_certificate() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "this holds no certificate of an authority",
    )
    .advise("give PEM text with BEGIN CERTIFICATE lines")
}

fn bundled() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || Arc::new(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
    ROOTS.get_or_init(read).clone()
}

/// Read once: it takes milliseconds. Certificates that cannot be read are passed over.
fn system() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs().certs;
        match roots.add_parsable_certificates(found) {
            (0, _) => bundled(),
            _ => Arc::new(roots),
        }
    };
    ROOTS.get_or_init(read).clone()
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("roots", &self.roots)
            .field("more", &self.more.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: &[u8] = include_bytes!("../../tests/http/tls/authority.pem");

    fn trusted(tls: &Tls) -> usize {
        tls.roots().len()
    }

    #[test]
    fn authorities_are_those_that_were_named() {
        assert_eq!(trusted(&Tls::only(AUTHORITY).unwrap()), 1);
        let bundled = Tls::bundled();
        assert!(trusted(&bundled) > 50);
        let more = bundled.clone().and(AUTHORITY).unwrap();
        assert_eq!(trusted(&more), trusted(&bundled) + 1);
        assert!(trusted(&Tls::system()) > 0);
    }

    #[test]
    fn a_text_without_certificates_is_refused() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA";
        for text in ["", "hello", broken] {
            let error = Tls::only(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        }
    }
}
