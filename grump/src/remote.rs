//! [`connect`]: a plane that runs elsewhere.

use grump_client::Credential;
use grump_core::Result;

use crate::plane::Plane;

/// The plane at this address: `ralpher+http://localhost:3000` is the dialect, `+`, and the server's
/// base URL. Nothing is sent until something is asked.
///
/// What the dialect cannot say, or the server cannot do, is refused; [`Plane::info`] says so up
/// front. Streams resume where they were cut off, or tell of the gap. For more say in it build a
/// client with `grump_client::RalpherClient::builder` and give its plane to [`Plane::new`].
///
/// ```
/// let plane = grump::connect("ralpher+http://localhost:3000")?;
/// assert_eq!(plane.info().name, "ralpher");
/// # Ok::<(), grump::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for an address that is not understood; the error names those that are.
pub fn connect(url: &str) -> Result<Plane> {
    grump_client::connect(url).map(Plane::new)
}

/// As [`connect`], showing this credential.
///
/// # Errors
/// As for [`connect`], and `InvalidInput` for a token that no header can hold.
pub fn connect_with(url: &str, credential: Credential) -> Result<Plane> {
    grump_client::connect_with(url, credential).map(Plane::new)
}

/// The plane that the environment names: its address in `GRUMP_URL`, and its key, if it asks for one,
/// in `GRUMP_API_KEY`.
///
/// # Errors
/// As for [`connect_with`], and `InvalidInput` where `GRUMP_URL` is not set.
pub fn connect_from_env() -> Result<Plane> {
    grump_client::connect_from_env().map(Plane::new)
}
