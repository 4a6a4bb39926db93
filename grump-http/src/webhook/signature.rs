//! What is signed, and by what.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::Secret;

/// What stands before a signature of this kind.
const VERSION: &str = "v1";

/// What is signed: id, timestamp and body, with full stops between them.
pub(super) struct Signed<'a> {
    pub(super) id: &'a str,
    pub(super) timestamp: &'a str,
    pub(super) body: &'a [u8],
}

impl Signed<'_> {
    fn mac(&self, secret: &Secret) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes())
            .expect("an HMAC takes a key of any length");
        for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b"."] {
            mac.update(part);
        }
        mac.update(self.body);
        mac
    }

    /// The signature, with its version before it.
    pub(super) fn signature(&self, secret: &Secret) -> String {
        let code = self.mac(secret).finalize().into_bytes();
        format!("{VERSION},{}", BASE64_STANDARD.encode(code))
    }
}

/// Whether one of the signatures given is the secret's. Each is compared in a time that does not
/// depend on what it holds; those of other versions are passed over.
pub(super) fn matches(signed: &Signed<'_>, secret: &Secret, given: &str) -> bool {
    let signatures = given.split(' ').filter_map(|one| one.split_once(','));
    let ours = signatures.filter(|(version, _)| *version == VERSION);
    let mut codes = ours.filter_map(|(_, code)| BASE64_STANDARD.decode(code).ok());
    codes.any(|code| signed.mac(secret).verify_slice(&code).is_ok())
}
