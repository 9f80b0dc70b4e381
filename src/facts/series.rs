//! A series of samples of one quantity, and the summaries that become fields; conditions never see the samples themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::path::Vantage;

/// The most samples a series keeps; beyond that it is thinned, extremes kept.
pub const MOST_SAMPLES: usize = 2_000;

/// One sample: when, in milliseconds since the run began, and how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Milliseconds since the run began.
    pub at_ms: f64,
    /// The quantity, in its field's unit.
    pub value: f64,
}

/// Samples in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    samples: Vec<Sample>,
    seen: usize,
}

/// A series as it is recorded: whose summaries it comes to, and the samples as they were taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The table that holds the summaries.
    pub table: String,
    /// Whose table.
    pub vantage: Vantage,
    /// The row, by its key columns.
    pub key: BTreeMap<String, String>,
    /// What was sampled.
    pub quantity: String,
    /// Each sample: milliseconds since the run began, and the value in its field's unit.
    pub samples: Vec<(f64, f64)>,
}

/// What a series comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Samples taken, the thinned ones among them.
    pub n: usize,
    /// The smallest.
    pub min: f64,
    /// The median.
    pub p50: f64,
    /// The smallest value that 95 of 100 samples do not exceed.
    pub p95: f64,
    /// The largest.
    pub max: f64,
    /// Change per minute, by least squares; 0 when all samples are of one moment.
    pub slope: f64,
    /// The longest time between two samples, in milliseconds.
    pub longest_gap: f64,
}

impl Series {
    /// Adds a sample; its time is not before that of the last one.
    pub fn push(&mut self, at_ms: f64, value: f64) {
        self.seen += 1;
        self.samples.push(Sample { at_ms, value });
        if self.samples.len() > MOST_SAMPLES {
            self.thin();
        }
    }

    /// The samples that are kept.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Keeps of each four neighbours the lowest and the highest, in their order, and the first and the last of all.
    fn thin(&mut self) {
        let last = self.samples.len() - 1;
        let mut kept: Vec<usize> = vec![0, last];
        for block in (0..=last).collect::<Vec<_>>().chunks(4) {
            let by_value = |a: &&usize, b: &&usize| self.samples[**a].value.total_cmp(&self.samples[**b].value);
            kept.extend(block.iter().min_by(by_value));
            kept.extend(block.iter().max_by(by_value));
        }
        kept.sort_unstable();
        kept.dedup();
        self.samples = kept.into_iter().map(|i| self.samples[i]).collect();
    }

    /// What the series comes to; nothing without a sample.
    pub fn summary(&self) -> Option<Summary> {
        let mut values: Vec<f64> = self.samples.iter().map(|s| s.value).collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let gaps = self.samples.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms);
        Some(Summary {
            n: self.seen,
            min,
            p50: rank(&values, 0.50)?,
            p95: rank(&values, 0.95)?,
            max,
            slope: self.slope(),
            longest_gap: gaps.fold(0.0, f64::max),
        })
    }

    /// The distance between the quartiles; nothing without a sample.
    pub fn spread(&self) -> Option<f64> {
        let mut values: Vec<f64> = self.samples.iter().map(|s| s.value).collect();
        values.sort_by(f64::total_cmp);
        Some(rank(&values, 0.75)? - rank(&values, 0.25)?)
    }

    fn slope(&self) -> f64 {
        let n = self.samples.len() as f64;
        let mean = |of: fn(&Sample) -> f64| self.samples.iter().map(of).sum::<f64>() / n;
        let (t, v) = (mean(|s| s.at_ms), mean(|s| s.value));
        let both: f64 = self.samples.iter().map(|s| (s.at_ms - t) * (s.value - v)).sum();
        let spread: f64 = self.samples.iter().map(|s| (s.at_ms - t).powi(2)).sum();
        if spread == 0.0 { 0.0 } else { both / spread * 60_000.0 }
    }
}

/// The nearest rank of sorted values: one that was really seen.
fn rank(sorted: &[f64], share: f64) -> Option<f64> {
    let place = ((share * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Series {
        let mut series = Series::default();
        values.into_iter().enumerate().for_each(|(i, v)| series.push(i as f64 * 1_000.0, v));
        series
    }

    #[test]
    fn a_series_comes_to_its_summary() {
        let s = series((1..=100).map(f64::from)).summary().unwrap();
        assert_eq!((s.n, s.min, s.p50, s.p95, s.max, s.longest_gap), (100, 1.0, 50.0, 95.0, 100.0, 1_000.0));
        assert!((s.slope - 60.0).abs() < 1e-9, "one more each second is 60 a minute: {}", s.slope);
        assert_eq!(series((1..=100).map(f64::from)).spread(), Some(50.0));
        assert_eq!((series([]).summary(), series([]).spread()), (None, None));
        assert_eq!(series([7.0]).summary().map(|s| (s.p50, s.slope)), Some((7.0, 0.0)));
    }

    #[test]
    fn thinning_keeps_extremes_ends_and_the_count() {
        let spiky = |i: i32| if i == 7_777 { 9_000.0 } else { f64::from(i % 10) };
        let s = series((0..20_000).map(spiky));
        assert!(s.samples().len() <= MOST_SAMPLES, "{}", s.samples().len());
        let summary = s.summary().unwrap();
        assert_eq!((summary.n, summary.min, summary.max), (20_000, 0.0, 9_000.0));
        assert_eq!(s.samples().first().map(|x| x.at_ms), Some(0.0));
        assert_eq!(s.samples().last().map(|x| x.at_ms), Some(19_999_000.0));
        assert!(s.samples().windows(2).all(|p| p[0].at_ms < p[1].at_ms));
    }
}
