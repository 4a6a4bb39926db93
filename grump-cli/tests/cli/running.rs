//! `grump loop run`, `new`, `start` and `edit`, to the end of the loop.

use serde_json::{Value, json};

use crate::scene::{Scene, done, never_done};

#[test]
fn a_loop_runs_to_completion_and_leaves_the_checkout_alone() {
    let scene = Scene::new();
    let ran = scene.run(done(), &[]);
    assert_eq!(ran.code, 0, "{ran}");
    for told in [
        "● iteration 1",
        "→ write hello.txt",
        "✓ commit",
        "■ completed",
        "✓ completed",
    ] {
        assert!(ran.stdout.contains(told), "{told} is missing: {ran}");
    }
    assert!(ran.stderr.contains("grump loop accept"), "{ran}");
    assert!(
        !ran.stdout.contains('\u{1b}'),
        "no colours outside of a terminal: {ran}"
    );
    assert!(!scene.app().join("hello.txt").exists());
    assert_eq!(scene.git(&["status", "--porcelain"]), "");
    let branch = scene.only()["detail"]["loop"]["branch"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(branch.starts_with("ralph/"), "{branch}");
    assert_eq!(
        scene.git(&["show", &format!("{branch}:hello.txt")]),
        "hello"
    );
}

#[test]
fn json_is_one_event_per_line_with_cursors_and_ends_with_the_result() {
    let scene = Scene::new();
    let ran = scene.run(done(), &["--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (result, events) = lines.split_last().unwrap();
    assert_eq!(events[0]["kind"], "run.started");
    assert!(
        events.iter().all(|event| event["cursor"].is_string()),
        "{events:#?}"
    );
    assert_eq!(events.last().unwrap()["kind"], "run.completed");
    assert_eq!(result["kind"], "result");
    assert_eq!(
        (&result["exit_code"], &result["commits"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(result["run"]["outcome"], "matched");
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let scene = Scene::new();
    let ran = scene.run(done(), &["--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("✓ completed"), "{ran}");
}

#[test]
fn accept_merges_the_work_at_once() {
    let scene = Scene::new();
    let ran = scene.run(done(), &["--accept"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("into main as"), "{ran}");
    assert!(scene.app().join("hello.txt").exists());
    assert_eq!(scene.only()["status"]["unified"], "merged");
}

#[test]
fn the_limit_of_iterations_has_an_exit_code_of_its_own_and_start_goes_on() {
    let scene = Scene::new();
    let ran = scene.run(never_done(), &["--max-iterations", "2", "--accept"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stdout.contains("without being done"), "{ran}");
    assert!(
        !scene.app().join("hello.txt").exists(),
        "what is not done is not merged"
    );
    let ran = scene.grump(&["loop", "start", &scene.only_id()]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stdout.contains("● iteration 3"), "{ran}");
    assert_eq!(scene.only()["detail"]["loop"]["iteration"], 4);
}

#[test]
fn a_token_budget_that_is_used_up_is_a_limit_too() {
    let scene = Scene::new();
    let hungry = json!({ "turns": [{
        "steps": [{"usage": {"input": 900, "output": 200}}],
        "final": "There is more to do.",
    }]});
    let ran = scene.run(hungry, &["--budget-tokens", "1k"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stdout.contains("the budget is used up"), "{ran}");
}

#[test]
fn a_loop_that_fails_has_an_exit_code_of_its_own_and_says_why() {
    let scene = Scene::new();
    let fails = json!({ "turns": [{ "steps": [{"fail": "the model is gone"}] }] });
    let ran = scene.run(fails, &["--max-consecutive-errors", "1"]);
    assert_eq!(ran.code, 4, "{ran}");
    assert!(
        ran.stdout.contains("✗ failed") && ran.stdout.contains("the model is gone"),
        "{ran}"
    );
}

#[test]
fn a_claim_is_believed_only_if_verify_succeeds() {
    let scene = Scene::new();
    let ran = scene.run(
        done(),
        &["--verify", "test -e other.txt", "--max-iterations", "1"],
    );
    assert_eq!(ran.code, 3, "{ran}");
    assert!(
        ran.stdout.contains("! the agent says it is done, but"),
        "{ran}"
    );
}

/// Pitfall 21: without a terminal nobody is asked, and the loop does not hang.
#[test]
fn without_a_terminal_a_question_is_denied_at_its_deadline() {
    let scene = Scene::new();
    let asks = json!({ "turns": [{
        "steps": [{"ask": {"action": "bash", "title": "run it", "else": [
            {"write": {"path": "denied.txt", "content": "x"}},
        ]}}],
        "final": "<promise>COMPLETE</promise>",
    }]});
    let ran = scene.run(asks, &["--policy", "ask:1"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("nobody can be asked here"), "{ran}");
    assert!(
        ran.stdout.contains("denied, nobody answered in time"),
        "{ran}"
    );
}

#[test]
fn any_program_is_an_agent_and_gets_the_prompt() {
    let scene = Scene::new();
    let agent = "cmd: sh -c 'cat > prompt.txt; echo \"<promise>COMPLETE</promise>\"'";
    let ran = scene.grump(&[
        "loop", "run", "--prompt", "Do it", "--agent", agent, "--accept",
    ]);
    assert_eq!(ran.code, 0, "{ran}");
    let prompt = std::fs::read_to_string(scene.app().join("prompt.txt")).unwrap();
    assert_eq!(prompt.trim(), "Do it");
}

#[test]
fn the_prompt_is_read_from_a_file_or_from_standard_input() {
    let scene = Scene::new();
    let file = scene.path("task.md");
    std::fs::write(&file, "Add dark mode\n\nwith a switch\n").unwrap();
    let prompt = || scene.only()["detail"]["loop"]["config"]["prompt"].clone();
    let ran = scene.grump(&["loop", "new", "--prompt-file", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(prompt(), "Add dark mode\n\nwith a switch\n");
    assert_eq!(scene.only()["title"], "Add dark mode");
    let input = std::fs::File::open(&file).unwrap();
    let id = scene.only_id();
    let mut edit = scene.command(&["loop", "edit", &id, "--prompt-file", "-"]);
    assert!(edit.stdin(input).status().unwrap().success());
    assert_eq!(prompt(), "Add dark mode\n\nwith a switch\n");
}

#[test]
fn a_new_loop_is_a_draft_that_can_be_edited_and_started() {
    let scene = Scene::new();
    let agent = scene.agent(done());
    let made = scene.json(&["loop", "new", "--prompt", "x", "--agent", &agent]);
    assert_eq!(made["status"]["unified"], "draft");
    let id = made["id"].as_str().unwrap();
    let edited = scene.json(&[
        "loop",
        "edit",
        id,
        "--name",
        "better",
        "--max-iterations",
        "7",
        "--budget-time",
        "1h",
    ]);
    assert_eq!(edited["title"], "better");
    let config = &edited["detail"]["loop"]["config"];
    assert_eq!(
        (&config["max_iterations"], &config["prompt"]),
        (&json!(7), &json!("x"))
    );
    assert_eq!(config["budget"]["seconds"], 3600);
    let ran = scene.grump(&["loop", "start", "better"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(scene.only()["status"]["unified"], "completed");
}

#[test]
fn a_name_given_on_the_command_line_can_be_given_again_at_start() {
    let scene = Scene::new();
    let agent = format!("mine={}", scene.agent(done()));
    let made = scene.json(&["loop", "new", "--prompt", "x", "--agent", &agent]);
    assert_eq!(made["detail"]["loop"]["config"]["backend"]["type"], "mine");
    let id = made["id"].as_str().unwrap();
    let ran = scene.grump(&["loop", "start", id]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("mine") && ran.stderr.contains("opencode"),
        "{ran}"
    );
    let ran = scene.grump(&["loop", "start", id, "--agent", &agent]);
    assert_eq!(ran.code, 0, "{ran}");
}
