//! Files, reports and devices.

use anyhow::Result;
use candle_core::{Device, Tensor};
use training::{ConfusionMatrix, DeviceChoice, EpochRow, report};

#[test]
fn tensors_come_back_with_their_header_and_only_to_their_owner() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("some.safetensors");
    let tensors = vec![
        ("a".to_string(), Tensor::new(&[1f32, 2.0], &Device::Cpu)?),
        ("b".to_string(), Tensor::new(7u32, &Device::Cpu)?),
    ];
    training::write_tensors(&path, "model", "mine", &("about", 3), &tensors)?;
    let (header, read): ((String, u32), _) = training::read_tensors(&path, "model", "mine")?;
    assert_eq!(header, ("about".to_string(), 3));
    let alone: (String, u32) = training::read_header(&path, "model", "mine")?;
    assert_eq!(alone, header);
    assert_eq!(read[0].1.to_vec1::<f32>()?, [1.0, 2.0]);
    assert_eq!(read[1].1.to_scalar::<u32>()?, 7);
    for (kind, project) in [("model", "yours"), ("checkpoint", "mine")] {
        let error = training::read_tensors::<(String, u32)>(&path, kind, project)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("some.safetensors") && error.contains("\"mine\""),
            "{error}"
        );
        let alone = training::read_header::<(String, u32)>(&path, kind, project).unwrap_err();
        assert_eq!(alone.to_string(), error);
    }
    // Tensors that are cut off are no concern of whoever wants the header; a header that is cut off is.
    let whole = std::fs::read(&path)?;
    std::fs::write(&path, &whole[..whole.len() - 4])?;
    assert!(training::read_tensors::<(String, u32)>(&path, "model", "mine").is_err());
    assert_eq!(
        training::read_header::<(String, u32)>(&path, "model", "mine")?,
        header
    );
    for length in [0, 4, 8, 60] {
        std::fs::write(&path, &whole[..length])?;
        let error = training::read_header::<(String, u32)>(&path, "model", "mine").unwrap_err();
        assert!(error.to_string().contains("model"), "{error}");
    }
    std::fs::write(&path, "just some text")?;
    let error = training::read_tensors::<(String, u32)>(&path, "model", "mine")
        .unwrap_err()
        .to_string();
    assert!(error.contains("not a whole model"), "{error}");
    assert!(training::read_header::<(String, u32)>(&path, "model", "mine").is_err());
    let error = training::read_tensors::<(String, u32)>(&folder.path().join("none"), "model", "mine")
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot read"), "{error}");
    Ok(())
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("result.json");
    training::write_whole(&path, b"old")?;
    let inside = path.join("impossible.json");
    assert!(
        training::write_whole(&inside, b"new")
            .unwrap_err()
            .to_string()
            .contains("impossible.json")
    );
    assert_eq!(std::fs::read(&path)?, b"old");
    assert_eq!(
        std::fs::read_dir(folder.path())?.count(),
        1,
        "a temporary file was left behind"
    );
    Ok(())
}

#[test]
fn the_device_is_named_with_a_reason_and_never_swapped_in_silence() {
    let (device, words) = training::choose_device(DeviceChoice::Cpu).unwrap();
    assert!(device.is_cpu() && words.contains("as asked"), "{words}");
    if cfg!(not(any(feature = "cuda", feature = "metal"))) {
        let (device, words) = training::choose_device(DeviceChoice::Auto).unwrap();
        assert!(device.is_cpu() && words.contains("this build has no"), "{words}");
        let error = training::choose_device(DeviceChoice::Cuda)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("--features cuda") && error.contains("--device cpu"),
            "{error}"
        );
    }
}

#[test]
fn the_report_is_one_file_with_everything_inside() -> Result<()> {
    let row = |epoch: usize| EpochRow {
        epoch,
        phase: 1,
        step: 10,
        learning_rate: 0.1,
        train_loss: 1.0 / epoch as f64,
        valid: vec![("loss".into(), 1.2 / epoch as f64), ("accuracy".into(), 0.5)],
        seconds: 1.0,
    };
    let classes = ["a<b".to_string(), "c".to_string()];
    let sections = [
        report::result(
            &vec![("accuracy".into(), 0.875)],
            "accuracy",
            &[("majority", 0.5)],
            "on 8 examples",
        ),
        report::curves(&[row(1), row(2), row(3)])?,
        report::confusion_matrix(&classes, &ConfusionMatrix::of(2, [(0, 0), (0, 1), (1, 1)])),
        report::players("Mistakes", "Listen.", &[("one".into(), vec![1, 2, 3])]),
        report::pictures("Pictures", "Look.", &[("two".into(), vec![4, 5, 6])]),
        report::table("Settings", &[("seed".into(), "1".into())]),
    ];
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.html");
    report::write_report(&path, "A <title>", &sections)?;
    let page = std::fs::read_to_string(&path)?;
    for part in [
        "A &lt;title&gt;",
        "0.875",
        "majority",
        "<svg",
        "a&lt;b taken for c (1)",
        "data:audio/wav;base64,AQID",
        "data:image/png;base64,BAUG",
    ] {
        assert!(page.contains(part), "{part:?} is missing");
    }
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org/2000/svg").count(),
        "the page loads something"
    );
    assert!(!page.contains("a<b"), "a class name was not escaped");
    // A run that was broken before its first epoch has no points to draw.
    report::curves(&[])?;
    Ok(())
}
