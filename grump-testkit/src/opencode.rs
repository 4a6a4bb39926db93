//! Real opencode for tests: where it is, and a home of its own that knows the scripted model alone.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

/// Names an opencode to test with instead of the one that `cargo xtask agents` installs.
pub const OVERRIDE: &str = "GRUMP_TEST_OPENCODE";

const INSTALLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/agents/opencode/node_modules/.bin/opencode"
);

/// The opencode to test with.
///
/// # Panics
/// When there is none, saying how to get it: a test that needs it must not pass without it.
#[must_use]
pub fn program() -> PathBuf {
    let program = env::var_os(OVERRIDE).map_or_else(|| INSTALLED.into(), PathBuf::from);
    fs::canonicalize(&program).unwrap_or_else(|error| {
        panic!(
            "there is no opencode at {}: {error}; run `cargo xtask agents`, or set {OVERRIDE}",
            program.display()
        )
    })
}

/// The environment that keeps opencode to `home` and to the scripted model at `base_url`, on
/// `lane`, with these scripts as its models. They are called `scripted/NAME`; the first is the
/// default.
///
/// Nothing of the user's is read or written, and nothing is fetched from the network.
///
/// # Errors
/// When the folders below `home` cannot be made.
pub fn environment(
    home: &Path,
    base_url: &str,
    lane: &str,
    scripts: &[&str],
) -> io::Result<Vec<(String, String)>> {
    let mut variables = vec![
        ("HOME".to_owned(), home.display().to_string()),
        (
            "OPENCODE_CONFIG_CONTENT".to_owned(),
            configuration(base_url, lane, scripts).to_string(),
        ),
    ];
    for (name, folder) in XDG {
        let folder = home.join(folder);
        fs::create_dir_all(&folder)?;
        variables.push(((*name).to_owned(), folder.display().to_string()));
    }
    variables.extend(OFFLINE.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(variables)
}

const XDG: &[(&str, &str)] = &[
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_STATE_HOME", "state"),
];

/// The last one keeps each start from installing plugins by npm into the configuration folder.
const OFFLINE: [(&str, &str); 6] = [
    ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
    ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
    ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
    ("OPENCODE_DISABLE_SHARE", "1"),
    ("OPENCODE_DISABLE_DEFAULT_PLUGINS", "1"),
    ("npm_config_offline", "true"),
];

/// opencode's configuration with the scripted model as its only provider.
#[must_use]
pub fn configuration(base_url: &str, lane: &str, scripts: &[&str]) -> Value {
    let models: Map<_, _> = scripts
        .iter()
        .map(|name| {
            let model = json!({"name": name, "limit": {"context": 128_000, "output": 8192}});
            ((*name).to_owned(), model)
        })
        .collect();
    let default = scripts.first().map(|name| format!("scripted/{name}"));
    json!({
        "autoupdate": false,
        "share": "disabled",
        "lsp": false,
        "formatter": false,
        "enabled_providers": ["scripted"],
        "model": default,
        "small_model": default,
        "provider": {"scripted": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Scripted",
            "options": {"baseURL": base_url, "apiKey": lane},
            "models": models,
        }},
    })
}
