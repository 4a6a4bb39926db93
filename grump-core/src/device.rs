//! [`Device`]: a telephone that a plane notifies; [`Devices`]: the trait that keeps them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    id::id,
    json::Ext,
    noun::{noun, request},
    plane::{Operation, unsupported},
    secret::Secret,
    time::Timestamp,
};

id! {
    /// The id of a device.
    DeviceId
}

noun! {
    /// A telephone that a plane notifies. (Steward, "Devices".)
    Device {
        /// Its id.
        id: DeviceId,
        ;
        /// When it was registered.
        created_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A telephone to register. (Steward, "Devices": beside the token its members are the plane's.)
    NewDevice {
        /// The token that notifications are sent with.
        token: Secret,
        ;
        ;
        /// What else is to be said of it.
        ext: Ext,
    }
}

/// The facet that keeps the telephones that a plane notifies.
#[async_trait]
pub trait Devices: Send + Sync + fmt::Debug {
    /// Registers a telephone.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn register(&self, new: NewDevice) -> Result<Device> {
        unsupported(Operation::DevicesRegister, new)
    }

    /// Forgets one.
    ///
    /// # Errors
    /// `NotFound`.
    async fn remove(&self, device: &DeviceId) -> Result<()> {
        unsupported(Operation::DevicesRemove, device)
    }
}
