//! "Did you mean": the nearest of the words that exist.

/// Gives the word that is nearest to what was written, if one is near enough to be a slip of the fingers.
pub fn did_you_mean<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong, at least two: more is another word, not a slip.
    let length = written.chars().count();
    let slips_max = (length / 3).max(2);
    words
        .into_iter()
        // Letters that are too many are slips, too: what somebody made long on purpose is compared with nothing.
        .filter(|word| word.chars().count().abs_diff(length) <= slips_max)
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(slips, _)| *slips <= slips_max)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_nothing() {
        let words = ["target.cluster", "target.region", "limits.poll"];
        assert_eq!(did_you_mean("target.clutser", words), Some("target.cluster"));
        assert_eq!(did_you_mean("limit.poll", words), Some("limits.poll"));
        assert_eq!(did_you_mean("notifications", words), None);
        assert_eq!(did_you_mean(&"target.cluster".repeat(100_000), words), None);
    }
}
