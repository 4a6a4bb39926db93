//! The keeper as a program of its own: what the engine's tests start agents through.

fn main() -> std::process::ExitCode {
    grump_engine::process::keeper_main(std::env::args_os().skip(1))
}
