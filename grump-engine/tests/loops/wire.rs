//! An engine whose loops come over a wire.

use grump::{Endpoint, ErrorKind, NewLoop, Plane, Policy, RunStatus};
use grump_engine::agent::hosts::Host;
use serde_json::json;

use crate::scene::Scene;

fn done() -> serde_json::Value {
    json!({"turns": [{"final": "<promise>COMPLETE</promise>"}]})
}

fn serving(scene: &Scene) -> Plane {
    let known: Host = "127.0.0.1:4096".parse().unwrap();
    let builder = scene.builder(&[("scripted", done())]);
    let builder = builder
        .inline_agents(false)
        .hosts([known].into_iter().collect());
    Plane::new(builder.open().unwrap())
}

/// Pitfall 38: a command line never comes over a wire.
#[tokio::test]
async fn a_loop_that_brings_a_command_line_is_refused_with_the_agents_there_are() {
    let scene = Scene::new();
    let plane = serving(&scene);
    let new = NewLoop::new("evil", scene.directory(), "x").agent("cmd: rm -rf /");
    let refused = plane.loops().create(new).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(
        refused.to_string().contains("opencode, scripted"),
        "{refused}"
    );
    assert_eq!(plane.loops().list().await.unwrap(), []);
}

/// Pitfall 38: a loop does not make the server call hosts of its choice.
#[tokio::test]
async fn a_loop_connects_only_to_hosts_that_are_configured() {
    let scene = Scene::new();
    let plane = serving(&scene);
    let at = |hostname: &str, port| {
        let mut new = NewLoop::new("x", scene.directory(), "x");
        let hostname = hostname.to_owned();
        new.config.backend.connect = Some(Endpoint { hostname, port });
        new
    };
    let refused = plane.loops().create(at("169.254.169.254", 80)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("127.0.0.1:4096"), "{refused}");
    plane.loops().create(at("127.0.0.1", 4096)).await.unwrap();
}

#[tokio::test]
async fn a_loop_that_was_let_in_before_keeps_its_command_line() {
    let scene = Scene::new();
    let plane = scene.plane(&[]);
    let agent = "cmd: echo <promise>COMPLETE</promise>";
    let new = NewLoop::new("mine", scene.directory(), "x").agent(agent);
    let mine = plane.loops().create(new).await.unwrap();
    plane.close().await;
    let plane = serving(&scene);
    plane.loops().start(&mine).await.unwrap();
    let ended = plane.loops().wait(&mine).await.unwrap();
    assert_eq!(ended.status.unified, RunStatus::Completed);
}

#[tokio::test]
async fn a_loop_that_says_no_policy_has_the_engines() {
    let scene = Scene::new();
    let builder = scene.builder(&[("scripted", done())]);
    let engine = builder.default_policy(Policy::Deny).open().unwrap();
    let plane = Plane::new(engine);
    let new = NewLoop::new("x", scene.directory(), "x").agent("scripted");
    let run = plane.loops().create(new).await.unwrap();
    assert_eq!(run.as_loop().unwrap().config.policy, Policy::Deny);
}
