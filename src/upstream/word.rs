//! Microsoft's enumerated words, in any casing, with or without underscores, or as numbers.

/// Words and what they mean here. Where an upstream may answer with a number, the position in the table is that number.
pub type Words<T> = [(&'static str, T)];

/// What a word means, and the word as Microsoft wrote it; an unknown word is kept beside `unknown`.
pub fn meaning<T: Copy>(word: Option<&str>, words: &Words<T>, unknown: T) -> (T, Option<String>) {
    let Some(word) = word else { return (unknown, None) };
    let folded = fold(word);
    let found = words.iter().find(|(known, _)| fold(known) == folded);
    (found.map_or(unknown, |(_, meaning)| *meaning), Some(word.to_owned()))
}

/// As [`meaning`], for enumerations that some answers give as numbers; such a number is replaced by its word, so that
/// the two answers agree.
pub fn meaning_of_number<T: Copy>(word: Option<&str>, words: &Words<T>, unknown: T) -> (T, Option<String>) {
    let number = word.and_then(|word| word.parse::<usize>().ok()).and_then(|number| words.get(number));
    match number {
        Some((word, meaning)) => (*meaning, Some((*word).to_owned())),
        None => meaning(word, words, unknown),
    }
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &Words<u8> = &[("none", 0), ("attention_needed", 1)];

    #[test]
    fn words_are_known_in_any_casing() {
        for word in ["attention_needed", "attentionNeeded", "AttentionNeeded", "ATTENTION NEEDED"] {
            assert_eq!(meaning(Some(word), WORDS, 9), (1, Some(word.to_owned())));
        }
    }

    #[test]
    fn a_number_is_read_as_its_word() {
        assert_eq!(meaning_of_number(Some("1"), WORDS, 9), (1, Some("attention_needed".to_owned())));
    }

    #[test]
    fn an_unknown_word_or_number_is_kept() {
        assert_eq!(meaning_of_number(Some("7"), WORDS, 9), (9, Some("7".to_owned())));
        assert_eq!(meaning(Some("Pondering"), WORDS, 9), (9, Some("Pondering".to_owned())));
        assert_eq!(meaning(None, WORDS, 9), (9, None));
    }
}
