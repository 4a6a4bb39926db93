//! Handle of the facet `Chats`.

use grump_core::{ChatRequest, EventStream};

use super::handle;

handle! {
    /// Talks with a model that has tools.
    Chats chats {
        /// Says something, and watches the answer.
        ChatsSend send(request: ChatRequest) -> EventStream;
    }
}
