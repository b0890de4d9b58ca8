//! Labels that do not cover each other.

/// Where a label would stand, in pixels, and how much it is wanted.
pub(super) struct Label {
    pub left: i32,
    pub right: i32,
    pub importance: f32,
}

/// The line for each label, counted from 0, so that none covers another: the first line with room for it. `None` where
/// all `lines` are taken by labels that matter more, or as much and come before.
pub(super) fn arrange(labels: &[Label], lines: usize) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|a, b| labels[*b].importance.total_cmp(&labels[*a].importance));
    let mut taken: Vec<Vec<&Label>> = (0..lines).map(|_| Vec::new()).collect();
    let mut places = vec![None; labels.len()];
    for index in order {
        let label = &labels[index];
        let free = |line: &Vec<&Label>| {
            line.iter()
                .all(|other| label.right <= other.left || other.right <= label.left)
        };
        places[index] = taken.iter().position(free);
        if let Some(line) = places[index] {
            taken[line].push(label);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_important_has_room_first() {
        let label = |left, right, importance| Label {
            left,
            right,
            importance,
        };
        let labels = [
            label(0, 10, 0.5),
            label(5, 15, 0.9),
            label(10, 20, 0.7),
            label(12, 30, 0.1),
            label(15, 25, 0.2),
        ];
        assert_eq!(arrange(&labels, 2), [Some(1), Some(0), Some(1), None, Some(0)]);
        assert_eq!(arrange(&labels, 0), [None; 5]);
        assert!(arrange(&[], 2).is_empty());
    }
}
