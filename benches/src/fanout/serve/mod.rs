//! The servers in Rust: what a child of this program does.

use std::{
    ffi::{OsStr, OsString},
    io::Read,
    net::Ipv4Addr,
    path::Path,
};

use grump_benches::Failure;
use tokio::net::TcpListener;

mod axum;
mod control;
mod engine;
mod grump;

/// Serves under this name until the parent is gone.
pub(crate) fn serve(name: &str, arguments: &[OsString]) -> Result<(), Failure> {
    std::thread::spawn(end_with_parent);
    let file = arguments.first().map(OsString::as_os_str);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match name {
            "grump" => grump::serve().await,
            "axum" => axum::serve(file.map(Path::new)).await,
            "engine" => engine::serve(Path::new(file.unwrap_or(OsStr::new(".")))).await,
            _ => Err(format!("there is no server {name:?}").into()),
        }
    })
}

/// The parent holds the other end of the standard input as long as it lives.
fn end_with_parent() {
    let mut rest = Vec::new();
    // Whatever ends the reading, nobody is there any more.
    let _ = std::io::stdin().read_to_end(&mut rest);
    std::process::exit(0);
}

/// A listener on a free port.
async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

/// Tells the parent on which ports this serves and is controlled.
fn ready(port: u16, control: u16) {
    println!("ready {port} {control}");
}
