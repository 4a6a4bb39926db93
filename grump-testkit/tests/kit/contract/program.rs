//! The program `grump-contract-server`.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

#[tokio::test]
async fn the_program_serves_a_dialect_and_lets_runs_go_on_by_themselves() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_grump-contract-server"))
        .args(["mini-devin", "--pace", "1"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().unwrap();
    let token = lines.next_line().await.unwrap().unwrap();
    let client = crate::client();
    let post = async |path: &str, body: Value| -> Value {
        let request = client.post(format!("{url}{path}")).bearer_auth(&token);
        request
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let session = post("/api/sessions", json!({})).await;
    let path = format!("/api/sessions/{}/tasks", session["id"].as_str().unwrap());
    let task = post(&path, json!({"description": "x"})).await;
    let path = format!("{url}/api/tasks/{}", task["id"].as_str().unwrap());
    loop {
        let request = client.get(&path).bearer_auth(&token).send();
        let read: Value = request.await.unwrap().json().await.unwrap();
        if read["status"] == "completed" {
            break;
        }
    }
}
