//! [`connect`]: a plane that runs elsewhere.

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
