//! The matrix that says what a style is.

use candle_core::{Result, Tensor};

/// Which features come together, wherever they are: for maps (batch, channels, height, width) the mean product of every two
/// channels, (batch, channels, channels). What is where is lost in it, and what the strokes are like is kept (Gatys, Ecker
/// & Bethge 2016, equation 3).
pub fn gram(maps: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = maps.dims4()?;
    let rows = maps.reshape((batch, channels, height * width))?;
    rows.matmul(&rows.transpose(1, 2)?)? / (height * width) as f64
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// By hand: two channels, three places.
    #[test]
    fn gram_of_two_channels() -> Result<()> {
        let maps = Tensor::new(&[[[[1f32, 2.0, 3.0]], [[0.0, 1.0, -1.0]]]], &Device::Cpu)?;
        let products = gram(&maps)?.flatten_all()?.to_vec1::<f32>()?;
        let wanted = [14.0 / 3.0, -1.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0];
        assert!(
            products
                .iter()
                .zip(wanted)
                .all(|(own, wanted)| (own - wanted).abs() < 1e-5)
        );
        // Where something is does not matter.
        let moved = Tensor::new(&[[[[3f32, 1.0, 2.0]], [[-1.0, 0.0, 1.0]]]], &Device::Cpu)?;
        let off = (gram(&moved)? - gram(&maps)?)?.abs()?.flatten_all()?.max(0)?;
        assert!(off.to_scalar::<f32>()? < 1e-5);
        Ok(())
    }
}
