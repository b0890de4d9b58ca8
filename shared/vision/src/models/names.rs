//! One network, two names for each of its tensors.

/// Blocks of each of MobileNetV2's groups.
const BLOCKS: [usize; 7] = [1, 2, 3, 4, 3, 3, 1];

/// What torchvision calls the tensor of MobileNetV2 that timm calls `name`; any other name as it is.
///
/// ```
/// use vision::models::mobilenet_v2_name;
/// assert_eq!(mobilenet_v2_name("blocks.1.0.conv_dw.weight"), "features.2.conv.1.0.weight");
/// assert_eq!(mobilenet_v2_name("features.2.conv.1.0.weight"), "features.2.conv.1.0.weight");
/// ```
pub fn mobilenet_v2_name(name: &str) -> String {
    renamed(name).unwrap_or_else(|| name.to_string())
}

fn renamed(name: &str) -> Option<String> {
    let (module, what) = name.rsplit_once('.')?;
    let whole = |place: &str| Some(format!("features.{place}.{what}"));
    match module {
        "conv_stem" => return whole("0.0"),
        "bn1" => return whole("0.1"),
        "conv_head" => return whole("18.0"),
        "bn2" => return whole("18.1"),
        _ => {}
    }
    let mut pieces = module.strip_prefix("blocks.")?.split('.');
    let group: usize = pieces.next()?.parse().ok()?;
    let block: usize = pieces.next()?.parse().ok()?;
    let index = 1 + BLOCKS.get(..group)?.iter().sum::<usize>() + block;
    // The first group widens nothing, so its blocks lack the first of three convolutions.
    let place = match (group, pieces.next()?) {
        (0, "conv_dw") | (1.., "conv_pw") => "0.0",
        (_, "bn1") => "0.1",
        (0, "conv_pw") => "1",
        (0, "bn2") => "2",
        (_, "conv_dw") => "1.0",
        (_, "bn2") => "1.1",
        (_, "conv_pwl") => "2",
        (_, "bn3") => "3",
        _ => return None,
    };
    whole(&format!("{index}.conv.{place}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use candle_core::{DType, Device};
    use nn::VarMap;

    use super::*;

    #[test]
    fn timm_names_are_all_of_the_network() {
        let variables = VarMap::new();
        crate::models::mobilenet_v2(nn::seeded(&variables, 1, DType::F32, &Device::Cpu)).unwrap();
        let ours: BTreeSet<String> = variables.data().lock().unwrap().keys().cloned().collect();
        let mut theirs = Vec::new();
        let mut layer = |conv: String, norm: String| {
            theirs.push(format!("{conv}.weight"));
            for what in ["weight", "bias", "running_mean", "running_var"] {
                theirs.push(format!("{norm}.{what}"));
            }
        };
        layer("conv_stem".into(), "bn1".into());
        for (group, blocks) in BLOCKS.into_iter().enumerate() {
            for block in 0..blocks {
                let layers: &[_] = match group {
                    0 => &[("conv_dw", "bn1"), ("conv_pw", "bn2")],
                    _ => &[("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")],
                };
                for (conv, norm) in layers {
                    layer(
                        format!("blocks.{group}.{block}.{conv}"),
                        format!("blocks.{group}.{block}.{norm}"),
                    );
                }
            }
        }
        layer("conv_head".into(), "bn2".into());
        assert_eq!(theirs.len(), ours.len());
        let renamed: BTreeSet<String> = theirs.iter().map(|name| mobilenet_v2_name(name)).collect();
        assert_eq!(renamed, ours);
    }
}
