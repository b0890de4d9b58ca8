//! When to say "I do not know": below a familiarity that is chosen on validation messages.

use anyhow::{Context, Result};

use crate::task::Understood;

/// The familiarity below which the share `refused` of these messages lies, which are all in scope. To choose it needs no message
/// that is out of scope.
pub fn threshold(outputs: &[Understood], refused: f64) -> Result<f32> {
    let known = outputs.iter().filter(|output| output.intent.is_some());
    let mut familiarities: Vec<f32> = known.map(|output| output.familiarity).collect();
    familiarities.sort_by(f32::total_cmp);
    let place = (familiarities.len() as f64 * refused) as usize;
    let last = familiarities.len().saturating_sub(1);
    let threshold = familiarities.get(place.min(last)).copied();
    threshold.context("no validation message to choose a threshold on")
}

/// What a threshold does to messages: the share of those in scope that are refused, and of those out of scope.
pub fn refused(outputs: &[Understood], threshold: f32) -> (f64, f64) {
    let share = |known: bool| {
        let of = outputs.iter().filter(|output| output.intent.is_some() == known);
        let (mut refused, mut all) = (0, 0);
        for output in of {
            all += 1;
            refused += usize::from(output.familiarity < threshold);
        }
        refused as f64 / all.max(1) as f64
    };
    (share(true), share(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(intent: Option<usize>, familiarity: f32) -> Understood {
        Understood {
            intent,
            probabilities: vec![1.0],
            familiarity,
            attention: vec![],
            tags: vec![],
            found: vec![],
        }
    }

    #[test]
    fn the_threshold_refuses_the_stated_share() {
        let mut outputs: Vec<_> = (0..100).map(|number| output(Some(0), number as f32)).collect();
        outputs.extend((0..10).map(|number| output(None, number as f32 - 5.0)));
        let threshold = threshold(&outputs, 0.05).unwrap();
        assert_eq!((threshold, refused(&outputs, threshold)), (5.0, (0.05, 1.0)));
        assert!(super::threshold(&outputs[100..], 0.05).is_err());
    }
}
