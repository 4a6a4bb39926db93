//! Handle of the facet `Devices`.

use grump_core::{Device, DeviceId, NewDevice};

use super::handle;

handle! {
    /// Telephones that the plane notifies.
    Devices devices {
        /// Registers a telephone.
        DevicesRegister register(new: NewDevice) -> Device;
        /// Forgets one.
        DevicesRemove remove(device: &DeviceId) -> ();
    }
}
