//! The real opencode, driven by the scripted model.

use std::{path::Path, process::Stdio};

use grump_testkit::{
    model::{Script, ScriptedModel},
    opencode,
};
use tokio::process::Command;

async fn run(model: &ScriptedModel, home: &Path, folder: &Path) -> std::process::Output {
    let variables = opencode::environment(home, &model.base_url(), "lane", &["m"]).unwrap();
    Command::new(opencode::program())
        .args(["run", "--format", "json", "Write a greeting."])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(variables)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn opencode_does_what_the_script_says() {
    let script = Script::parse(include_str!("../../scripts/hello-write.json")).unwrap();
    let model = ScriptedModel::start([("m", script)]).await.unwrap();
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = run(&model, home.path(), folder.path()).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("<promise>COMPLETE</promise>"), "{said}");
    let written = std::fs::read_to_string(folder.path().join("hello.txt")).unwrap();
    assert_eq!(written, "hello\n");
    let turns: Vec<_> = model
        .requests("lane")
        .iter()
        .filter_map(|asked| asked.turn)
        .collect();
    assert_eq!(turns, [0, 1]);
}
