//! What competitions measure probabilities by.

/// How near to 0 and 1 a probability may come: the logarithm of less would outweigh all else. As Kaggle does it.
const NEAREST: f64 = 1e-15;

/// The mean of -ln p over the probabilities that the true classes were given, clipped.
pub(super) fn log_loss(of_truth: &[f64]) -> f64 {
    let losses = of_truth.iter().map(|p| -p.clamp(NEAREST, 1.0 - NEAREST).ln());
    losses.sum::<f64>() / of_truth.len() as f64
}

/// The area under the ROC curve: how often a positive example is placed above a negative one, where a tie is half of
/// it. `None` if there are only positive or only negative ones.
pub(super) fn area_under_curve(scores: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|(_, positive)| *positive).count();
    let negatives = sorted.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut above, mut negatives_below) = (0.0, 0.0);
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let positive = ties.iter().filter(|(_, positive)| *positive).count() as f64;
        let negative = ties.len() as f64 - positive;
        above += positive * (negatives_below + negative / 2.0);
        negatives_below += negative;
    }
    Some(above / (positives as f64 * negatives as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_counts_pairs_and_a_tie_as_half() {
        // Positives 0.9, 0.5, 0.4 against negatives 0.5, 0.1: of six pairs four are right, one is a tie.
        let scores = [(0.5, false), (0.9, true), (0.4, true), (0.1, false), (0.5, true)];
        assert_eq!(area_under_curve(&scores), Some(4.5 / 6.0));
        assert_eq!(area_under_curve(&[(0.0, true), (-0.0, false)]), Some(0.5));
        assert_eq!(area_under_curve(&[(0.3, true)]), None);
    }

    #[test]
    fn a_certain_mistake_costs_what_it_costs_at_kaggle() {
        assert!((log_loss(&[0.0]) - 34.538_776_394_910_684).abs() < 1e-9);
        assert!(log_loss(&[1.0]) < 2e-15);
    }
}
