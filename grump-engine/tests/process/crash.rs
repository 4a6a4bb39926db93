//! What happens when the supervisor, the keeper or both are killed.

use std::{
    env, fs,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use grump_engine::process::{Exit, Input, Ladder, Launch, Launcher, Mark, survivors, sweep};

use crate::scene::{BUSY, Scene, at_work_in, eventually, keeper};

const FOLDER: &str = "GRUMP_TEST_FOLDER";
const JOURNAL: &str = "GRUMP_TEST_JOURNAL";
const SCRIPT: &str = "GRUMP_TEST_SCRIPT";

/// Not a test: the supervisor that the tests below start, and kill.
#[tokio::test]
#[ignore = "the supervisor that other tests start"]
async fn supervise() {
    let launcher = Launcher::new(Some(keeper()), env::var(JOURNAL).unwrap());
    let script = env::var(SCRIPT).unwrap();
    let launch = Launch::new("sh", env::var(FOLDER).unwrap(), "run-1").args(["-c", &script]);
    let mut child = launcher.spawn(launch).await.unwrap();
    child.wait().await.unwrap();
}

/// Starts a supervisor of its own for a script.
fn supervisor(scene: &Scene, script: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::supervise", "--ignored", "--nocapture"])
        .env(FOLDER, scene.path())
        .env(JOURNAL, &scene.journal)
        .env(SCRIPT, script)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn kill(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status();
    assert!(status.unwrap().success(), "kill -{name} {pid}");
}

fn keeper_in(folder: &Path) -> u32 {
    let workers = at_work_in(folder);
    let keeper = workers
        .iter()
        .find(|(_, command)| command.contains("grump-keeper"));
    keeper
        .unwrap_or_else(|| panic!("no keeper in {workers:?}"))
        .0
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Pitfall 16: a supervisor that is killed at any moment leaves nothing, not even daemons that
/// cleared their environment.
#[test]
fn forty_kills_of_the_supervisor_leave_nothing() {
    let seed = env::var("GRUMP_TEST_SEED").map_or(0x9e37_79b9, |seed| seed.parse().unwrap());
    println!("GRUMP_TEST_SEED={seed}");
    let mut dice = Dice(seed);
    for round in 0..40 {
        let scene = Scene::new();
        let process = supervisor(&scene, &format!("{BUSY} exec sleep 1000"));
        // Half of them at work, half of them while they start.
        if round % 2 == 0 {
            scene.await_file("ready");
        }
        std::thread::sleep(Duration::from_millis(dice.below(40)));
        kill(process);
        scene.await_nothing_left();
    }
}

/// Pitfall 16: the supervisor's process counts, not who else holds its end of the socket.
#[test]
fn the_death_of_the_supervisor_is_seen_though_its_socket_stays_open() {
    let scene = Scene::new();
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut shell = Command::new("sh")
        .args(["-c", "exec 3<&0; \"$0\" 3 sleep 1000 </dev/null & wait"])
        .arg(keeper().program)
        .current_dir(scene.path())
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .spawn()
        .unwrap();
    let mut report = [0; 8];
    (&ours).read_exact(&mut report).unwrap();
    assert_eq!(&report, b"started ");
    shell.kill().unwrap();
    shell.wait().unwrap();
    scene.await_nothing_left();
    drop(ours);
}

/// Pitfall 16: when the keeper was killed too, the next start finds what carries the mark.
#[tokio::test]
async fn a_sweep_ends_what_outlived_supervisor_and_keeper() {
    let scene = Scene::new();
    let marked = BUSY.replace("env -i ", "");
    let process = supervisor(&scene, &format!("{marked} exec sleep 1000"));
    scene.await_file("ready");
    let keeper = keeper_in(&scene.path());
    signal("STOP", keeper);
    kill(process);
    signal("KILL", keeper);
    let mark = Mark::journal(&scene.journal);
    eventually("the keeper is gone", || {
        survivors(&mark).unwrap().len() == 4
    });
    assert_eq!(sweep(&mark).unwrap().len(), 4);
    assert_eq!(survivors(&mark).unwrap(), []);
    scene.assert_nothing_is_left();
}

/// Pitfall 16: a keeper that was stopped cannot act; the sweep takes all below it along.
#[test]
fn a_sweep_reaches_below_a_keeper_that_was_stopped() {
    let scene = Scene::new();
    let process = supervisor(&scene, &format!("{BUSY} exec sleep 1000"));
    scene.await_file("ready");
    signal("STOP", keeper_in(&scene.path()));
    kill(process);
    sweep(&Mark::journal(&scene.journal)).unwrap();
    scene.assert_nothing_is_left();
}

#[tokio::test]
async fn a_sweep_leaves_other_journals_and_other_runs_alone() {
    let (scene, other) = (Scene::new(), Scene::new());
    let mut children = Vec::new();
    for (scene, run) in [(&scene, "run-1"), (&scene, "run-11"), (&other, "run-1")] {
        let mut launch = scene.script("read x; exit 9").stdin(Input::Pipe);
        launch.run = run.into();
        children.push(scene.launcher().spawn(launch).await.unwrap());
    }
    sweep(&Mark::run(&scene.journal, "run-1")).unwrap();
    let exits = [Exit::Unknown, Exit::Code(9), Exit::Code(9)];
    for (child, exit) in children.iter_mut().zip(exits) {
        drop(child.stdin.take());
        assert_eq!(child.wait().await.unwrap().exit, exit);
    }
}

#[tokio::test]
async fn survivors_are_named_and_left_alone() {
    let scene = Scene::new();
    let launch = scene.script("read x; exit 9").stdin(Input::Pipe);
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    let found = survivors(&scene.launcher().mark("run-1")).unwrap();
    let agent = found.iter().find(|process| process.pid == child.pid());
    assert_eq!(agent.unwrap().command, "sh -c read x; exit 9");
    drop(child.stdin.take());
    assert_eq!(child.wait().await.unwrap().exit, Exit::Code(9));
}

/// Pitfall 16: an agent that kills its keeper is ended all the same.
#[tokio::test]
async fn an_agent_that_kills_its_keeper_is_swept() {
    let scene = Scene::new();
    // Not before the keeper has said that it is there.
    let launch = scene.script("read x; kill -9 $PPID; exec sleep 1000");
    let launch = launch.stdin(Input::Pipe);
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    drop(child.stdin.take());
    let ended = child.wait().await.unwrap();
    scene.assert_nothing_is_left();
    assert_eq!(ended.exit, Exit::Unknown);
    assert_eq!(ended.killed[0].pid, child.pid());
}

/// Pitfall 17: a keeper that its agent stopped does not hold up the stop for ever.
#[tokio::test]
async fn a_sweep_beside_a_stop_ends_it() {
    let scene = Scene::new();
    let launch = scene.script(&format!("{BUSY} kill -STOP $PPID; exec sleep 1000"));
    let launcher = scene.launcher();
    let mut child = launcher.spawn(launch.ladder(Ladder::kill())).await.unwrap();
    scene.await_file("ready");
    let stat = format!("/proc/{}/stat", keeper_in(&scene.path()));
    eventually("the keeper is stopped", || {
        fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "))
    });
    let mark = launcher.mark("run-1");
    let stopped = child.stop();
    let swept = async {
        tokio::task::spawn_blocking(move || sweep(&mark))
            .await
            .unwrap()
    };
    let (stopped, swept) = tokio::join!(stopped, swept);
    stopped.unwrap();
    swept.unwrap();
    scene.assert_nothing_is_left();
}
