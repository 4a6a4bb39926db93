//! Commands that only look.

use crate::scene::Scene;

#[test]
fn a_new_folder_says_how_to_begin_and_stays_untouched() {
    let scene = Scene::without_repository();
    let ran = scene.grump(&["loop", "ls"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert!(
        ran.stderr.contains("grump loop run") && ran.stderr.contains("grump demo"),
        "{ran}"
    );
    assert_eq!(scene.json(&["loop", "ls"]), serde_json::json!([]));
    assert!(!scene.data().exists(), "looking creates nothing");
}

#[test]
fn a_loop_that_is_not_there_is_not_found_by_any_command_and_nothing_is_created() {
    let scene = Scene::without_repository();
    for command in [
        "show", "watch", "diff", "stop", "accept", "discard", "undo", "rm", "purge", "start",
    ] {
        let ran = scene.grump(&["loop", command, "nope"]);
        assert_eq!(ran.code, 7, "{command}: {ran}");
    }
    assert!(!scene.data().exists());
}

#[test]
fn a_completed_loop_is_listed_and_shown_with_what_to_type_next() {
    let scene = Scene::new();
    let id = scene.completed();
    let listed = scene.grump(&["loop", "ls"]);
    let short = &id[id.len() - 8..];
    assert!(
        listed.stdout.contains(short) && listed.stdout.contains("completed"),
        "{listed}"
    );
    let shown = scene.grump(&["loop", "show", short]);
    assert!(shown.stdout.contains(&id), "{shown}");
    assert!(
        shown.stderr.contains(&format!("grump loop accept {short}")),
        "{shown}"
    );
    let run = scene.json(&["loop", "show", short]);
    assert_eq!(run["id"], id.as_str());
    assert_eq!(run["status"]["unified"], "completed");
    assert_eq!(run["detail"]["loop"]["iteration"], 1);
}

#[test]
fn a_loop_is_found_by_any_part_of_its_id_and_by_its_name() {
    let scene = Scene::new();
    scene.grump(&["loop", "new", "--prompt", "x", "--name", "dark mode"]);
    let id = scene.only_id();
    for text in [&id, &id[..8], &id[id.len() - 8..], "dark mode"] {
        assert_eq!(
            scene.json(&["loop", "show", text])["id"],
            id.as_str(),
            "{text}"
        );
    }
}

#[test]
fn a_text_that_fits_several_loops_is_refused_with_their_ids() {
    let scene = Scene::new();
    for _ in 0..2 {
        scene.grump(&["loop", "new", "--prompt", "x", "--name", "twin"]);
    }
    let ran = scene.grump(&["loop", "show", "twin"]);
    assert_eq!(ran.code, 2);
    let loops = scene.json(&["loop", "ls"]);
    for run in loops.as_array().unwrap() {
        assert!(ran.stderr.contains(run["id"].as_str().unwrap()), "{ran}");
    }
}

#[test]
fn errors_are_one_json_object_on_standard_error_where_json_is_wanted() {
    let scene = Scene::new();
    scene.completed();
    let ran = scene.grump(&["loop", "show", "nope", "--json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (7, ""));
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
    assert_eq!(error["error"]["context"]["loop"], "nope");
    assert!(
        error["error"]["advice"]
            .as_str()
            .unwrap()
            .contains("grump loop ls")
    );
    assert!(error["error"]["conflict"].is_null());
}

#[test]
fn a_damaged_journal_is_a_storage_error_and_is_left_as_it_is() {
    let scene = Scene::new();
    scene.completed();
    let journal = scene.data().join("journal.db");
    std::fs::write(&journal, "this is no database, and never was one").unwrap();
    for leftover in ["journal.db-wal", "journal.db-shm"] {
        let _ = std::fs::remove_file(scene.data().join(leftover));
    }
    let ran = scene.grump(&["loop", "ls"]);
    assert_eq!(ran.code, 8, "{ran}");
    let after = std::fs::read_to_string(&journal).unwrap();
    assert!(after.starts_with("this is no database"));
}
