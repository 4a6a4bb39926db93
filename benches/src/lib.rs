//! Measuring side by side.
//!
//! Times do not carry over from one machine or run to another; ratios taken in one run do. So what
//! is compared takes turns, each turn is measured, and the medians are set in relation.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// How often each contender has its turn.
const ROUNDS: usize = 5;

/// One of those who are compared.
pub struct Contender<'a> {
    name: &'static str,
    turn: Box<dyn FnMut() -> Turn + 'a>,
}

impl<'a> Contender<'a> {
    /// A contender whose turn does the whole work once, and counts what it did.
    pub fn new(name: &'static str, turn: impl FnMut() -> Turn + 'a) -> Self {
        let turn = Box::new(turn);
        Self { name, turn }
    }
}

/// What was done in a turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// How many of whatever the figure counts.
    pub count: usize,
    /// In what time.
    pub time: Duration,
}

impl Turn {
    /// Measures the work, which answers how many it did.
    pub fn measure(work: impl FnOnce() -> usize) -> Self {
        let begun = Instant::now();
        let count = work();
        let time = begun.elapsed();
        Self { count, time }
    }

    fn microseconds(self) -> f64 {
        self.time.as_secs_f64() * 1e6 / self.count as f64
    }
}

/// A table of figures.
#[derive(Debug, Default)]
pub struct Table(String);

impl Table {
    /// Lets the contenders take turns, and adds a line for each. The first is what the others are
    /// set in relation to: a ratio above 1 says how much longer the other takes.
    pub fn figure(&mut self, figure: &str, mut contenders: Vec<Contender<'_>>) {
        eprintln!("    measuring: {figure}");
        let mut turns = vec![Vec::new(); contenders.len()];
        for _ in 0..ROUNDS {
            for (contender, turns) in contenders.iter_mut().zip(&mut turns) {
                turns.push((contender.turn)().microseconds());
            }
        }
        let medians: Vec<f64> = turns.into_iter().map(median).collect();
        for (contender, time) in contenders.iter().zip(&medians) {
            let line = format!(
                "{figure:<32} {:<30} {time:>10.2} us {:>8.2}x",
                contender.name,
                time / medians[0]
            );
            writeln!(self.0, "{line}").expect("a string takes every line");
        }
    }

    /// Prints the table.
    pub fn print(&self) {
        println!(
            "{:<32} {:<30} {:>13} {:>9}\n{}",
            "figure", "contender", "each", "ratio", self.0
        );
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
