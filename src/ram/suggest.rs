//! What was most likely meant by a name that does not exist.

/// The name that was most likely meant: at most two letters off, letter case aside.
pub fn closest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let close = known.iter().map(|candidate| {
        (
            distance(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()),
            *candidate,
        )
    });
    close
        .filter(|(distance, candidate)| *distance <= 2 && *distance * 2 < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(left: &str, right: &str) -> usize {
    if left.len().abs_diff(right.len()) > 8 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = (diagonal + usize::from(from != *to))
                .min(above + 1)
                .min(row[column] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}
