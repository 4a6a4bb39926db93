//! What agents write.

use grump_engine::process::{Exit, Lines, Output, Source, Tail};

use crate::scene::Scene;

const CAP: usize = 64 * 1024;
const MEGABYTE: u64 = 1 << 20;

/// Pitfall 31: an agent that writes a lot to both pipes is read to its end.
#[tokio::test]
async fn a_hundred_megabytes_on_each_pipe_do_not_stop_the_agent() {
    let scene = Scene::new();
    let script = "
        yes \"$(head -c 999 /dev/zero | tr '\\0' x)\" | head -c 104857600 &
        head -c 104857600 /dev/zero >&2
        wait";
    let mut child = scene.launcher().spawn(scene.script(script)).await.unwrap();
    let pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let mut output = Output::new(pipes.0, pipes.1, CAP);
    let (mut stdout, mut stderr) = ((0, 0), (0, 0));
    while let Some((source, line)) = output.next().await.unwrap() {
        let size = line.bytes.len() as u64 + line.omitted;
        let (lines, bytes) = match source {
            Source::Stdout => &mut stdout,
            Source::Stderr => &mut stderr,
        };
        *lines += 1;
        *bytes += size;
        assert!(line.bytes.len() <= CAP);
    }
    // A line feed ends each line of 999 bytes; standard error is one line without end.
    assert_eq!(stdout, (104_858, 100 * MEGABYTE - 104_857));
    assert_eq!(stderr, (1, 100 * MEGABYTE));
    assert_eq!(child.wait().await.unwrap().exit, Exit::Code(0));
}

/// Pitfall 31: nor does one that fills one pipe before it writes to the other.
#[tokio::test]
async fn one_pipe_is_read_while_the_other_is_silent() {
    let scene = Scene::new();
    let script = "head -c 1048576 /dev/zero >&2; echo; echo done";
    let mut child = scene.launcher().spawn(scene.script(script)).await.unwrap();
    let pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let mut output = Output::new(pipes.0, pipes.1, CAP);
    let mut tail = Tail::new(100);
    while let Some((source, line)) = output.next().await.unwrap() {
        if source == Source::Stdout {
            tail.push_line(&line);
        }
    }
    assert_eq!(tail.text(), "\ndone\n");
    child.wait().await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_not_text_arrive() {
    let scene = Scene::new();
    let script = r"printf 'a\377\000b\nc'";
    let mut child = scene.launcher().spawn(scene.script(script)).await.unwrap();
    let mut lines = Lines::new(child.stdout.take().unwrap(), CAP);
    let first = lines.next().await.unwrap().unwrap();
    assert_eq!(first.bytes, b"a\xff\x00b");
    assert_eq!(first.text(), "a\u{fffd}\0b");
    assert_eq!(lines.next().await.unwrap().unwrap().bytes, b"c");
    assert_eq!(lines.next().await.unwrap(), None);
    child.wait().await.unwrap();
}

#[tokio::test]
async fn a_reader_that_is_given_up_and_taken_up_again_loses_nothing() {
    let scene = Scene::new();
    let script = "for i in 1 2 3 4 5 6 7 8 9; do printf \"$i\"; sleep 0.01; echo; done";
    let mut child = scene.launcher().spawn(scene.script(script)).await.unwrap();
    let pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let mut output = Output::new(pipes.0, pipes.1, CAP);
    let mut all = String::new();
    loop {
        tokio::select! {
            biased;
            line = output.next() => match line.unwrap() {
                Some((_, line)) => all.push_str(&line.text()),
                None => break,
            },
            () = tokio::time::sleep(std::time::Duration::from_millis(1)) => {}
        }
    }
    assert_eq!(all, "123456789");
    child.wait().await.unwrap();
}
