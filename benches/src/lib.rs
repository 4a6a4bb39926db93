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

/// Why a turn does not count.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One of those who are compared.
pub struct Contender<'a> {
    name: &'static str,
    turn: Box<dyn FnMut() -> Result<f64, Failure> + 'a>,
}

impl<'a> Contender<'a> {
    /// A contender whose turn does the whole work once, and counts what it did.
    pub fn new(name: &'static str, mut turn: impl FnMut() -> Turn + 'a) -> Self {
        Self::value(name, move || Ok(turn().microseconds()))
    }

    /// As [`new`](Self::new), where a turn may fail: then the contender has no figure.
    pub fn fallible(
        name: &'static str,
        mut turn: impl FnMut() -> Result<Turn, Failure> + 'a,
    ) -> Self {
        Self::value(name, move || turn().map(Turn::microseconds))
    }

    /// A contender whose turn answers a value in the unit of its figure; the smaller the better.
    pub fn value(name: &'static str, turn: impl FnMut() -> Result<f64, Failure> + 'a) -> Self {
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
pub struct Table {
    lines: String,
    failures: usize,
}

impl Table {
    /// Lets the contenders take turns, and adds a line for each. The first is what the others are
    /// set in relation to: a ratio above 1 says how much longer the other takes.
    pub fn figure(&mut self, figure: &str, contenders: Vec<Contender<'_>>) {
        self.figure_in("us", figure, contenders);
    }

    /// As [`figure`](Self::figure), for what is measured in another unit than microseconds.
    pub fn figure_in(&mut self, unit: &str, figure: &str, mut contenders: Vec<Contender<'_>>) {
        eprintln!("    measuring: {figure}");
        let mut turns: Vec<_> = contenders.iter().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS {
            for (contender, turns) in contenders.iter_mut().zip(&mut turns) {
                turns.push((contender.turn)());
            }
        }
        let medians: Vec<_> = turns.into_iter().map(median).collect();
        let first = medians[0].as_ref().ok().copied();
        for (contender, median) in contenders.iter().zip(&medians) {
            self.line(
                unit,
                &format!("{figure:<34} {:<30}", contender.name),
                median,
                first,
            );
        }
    }

    fn line(&mut self, unit: &str, begin: &str, median: &Result<f64, Failure>, first: Option<f64>) {
        let line = match (median, first) {
            (Ok(value), Some(first)) => {
                format!("{begin} {value:>10.2} {unit:<3} {:>8.2}x", value / first)
            }
            (Ok(value), None) => format!("{begin} {value:>10.2} {unit:<3}"),
            (Err(failure), _) => {
                self.failures += 1;
                format!("{begin}     FAILED {failure}")
            }
        };
        writeln!(self.lines, "{line}").expect("a string takes every line");
    }

    /// Prints the table.
    pub fn print(&self) {
        println!(
            "{:<34} {:<30} {:>14} {:>9}\n{}",
            "figure", "contender", "each", "ratio", self.lines
        );
    }

    /// How many contenders failed.
    #[must_use]
    pub const fn failures(&self) -> usize {
        self.failures
    }
}

/// The median of the turns, if none of them failed.
fn median(turns: Vec<Result<f64, Failure>>) -> Result<f64, Failure> {
    let mut values = turns.into_iter().collect::<Result<Vec<f64>, _>>()?;
    values.sort_by(f64::total_cmp);
    Ok(values[values.len() / 2])
}
