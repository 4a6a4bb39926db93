//! What is notified. ("Devices (notifications, v1.1)")

use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    steward::{Device, DeviceId, DevicePath, DeviceRequest, RegisterDevice, RemoveDevice},
};

use super::{StewardClient, part};

/// What is notified. ("Devices (notifications, v1.1)")
#[derive(Clone, Copy, Debug)]
pub struct StewardDevices<'c>(pub(super) &'c StewardClient);

impl StewardDevices<'_> {
    /// Register an `APNs` token. What else the server wants to know the document does not say.
    pub async fn register(self, request: DeviceRequest) -> Result<Device> {
        self.0.send::<RegisterDevice>(NoPath {}, request).await
    }

    /// Unregister a device.
    pub async fn remove(self, device: impl Into<DeviceId>) -> Result<()> {
        let path = DevicePath {
            device: part("device", device.into())?,
        };
        self.0.get::<RemoveDevice>(path, NoQuery {}).await
    }
}
