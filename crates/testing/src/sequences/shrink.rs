//! A short sequence out of a long one.

use super::Step;

/// Leaves out of a failing sequence what it does not need to fail: halves first, single steps last.
///
/// `fails` is asked about shorter and shorter sequences; it must answer the same for the same one.
pub async fn shrink(steps: Vec<Step>, mut fails: impl AsyncFnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut kept = steps;
    let mut chunk = kept.len() / 2;
    while chunk > 0 {
        let mut from = 0;
        while from < kept.len() {
            let until = (from + chunk).min(kept.len());
            let shorter: Vec<Step> = kept[..from].iter().chain(&kept[until..]).cloned().collect();
            if fails(&shorter).await {
                kept = shorter;
            } else {
                from = until;
            }
        }
        chunk /= 2;
    }
    kept
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::Side;
    use jiff::SignedDuration;

    use super::*;
    use crate::{block_on, sequences::Read};

    #[test]
    fn what_a_failure_does_not_need_is_left_out() {
        let pass = |seconds| Step::Pass(SignedDuration::from_secs(seconds));
        let guilty = Step::Read(Side::Source, Read::Clusters);
        let mut steps: Vec<Step> = (0..40).map(pass).collect();
        steps.insert(13, guilty.clone());
        steps.insert(31, pass(99));
        let needs_both = async |steps: &[Step]| steps.contains(&guilty) && steps.contains(&pass(99));
        assert_eq!(block_on(shrink(steps, needs_both)), [guilty, pass(99)]);
    }
}
