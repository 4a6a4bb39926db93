//! The configuration file.

use std::fs;

use serde_json::json;

use crate::scene::{Scene, done};

/// A configuration whose default agent plays a script that lies beside it.
fn configured(folder: &str) -> Scene {
    let scene = Scene::new();
    let folder = scene.path(folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("part.json"), done().to_string()).unwrap();
    let text = "[engine]\ndefault_agent = \"player\"\npolicy = \"deny\"\n\n\
                [agents.player]\nspec = \"script: part.json\"\n";
    fs::write(folder.join("grump.toml"), text).unwrap();
    scene
}

#[test]
fn the_file_is_found_in_the_platforms_folder() {
    let folder = match cfg!(target_os = "macos") {
        true => "home/Library/Application Support/grump",
        false => "home/.config/grump",
    };
    let scene = configured(folder);
    let ran = scene.grump(&["loop", "run", "--prompt", "x"]);
    assert_eq!(ran.code, 0, "{ran}");
    let config = scene.only()["detail"]["loop"]["config"].clone();
    assert_eq!(
        (&config["backend"]["type"], &config["policy"]),
        (&json!("player"), &json!("deny"))
    );
}

#[test]
fn the_file_can_be_named_by_option_or_environment() {
    let scene = configured("elsewhere");
    let file = scene.path("elsewhere/grump.toml");
    let agents = scene.json(&["agents", "--config", file.to_str().unwrap()]);
    assert_eq!(agents[0]["name"], "player");
    assert_eq!(agents[0]["default"], true);
    let spec = agents[0]["spec"].as_str().unwrap();
    assert!(
        spec.ends_with("elsewhere/part.json"),
        "relative to the file: {spec}"
    );
    let mut command = scene.command(&["agents"]);
    let ran = command.env("GRUMP_CONFIG", &file).output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stdout).contains("player"));
}

#[test]
fn without_a_file_there_is_opencode() {
    let agents = Scene::without_repository().json(&["agents"]);
    assert_eq!(
        agents,
        json!([{"name": "opencode", "spec": "opencode", "default": true}])
    );
}

#[test]
fn models_of_agents_that_have_none_are_an_empty_list_and_touch_no_data() {
    let scene = configured("elsewhere");
    let file = scene.path("elsewhere/grump.toml");
    let text = fs::read_to_string(&file).unwrap();
    // In place of the opencode that a machine may have.
    fs::write(
        &file,
        text + "[agents.opencode]\nspec = \"script: part.json\"\n",
    )
    .unwrap();
    let models = scene.json(&["models", "--config", file.to_str().unwrap()]);
    assert_eq!(models, json!([]));
    assert!(!scene.data().exists());
}
