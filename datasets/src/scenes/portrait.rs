//! Portraits of the animals: the animal is in focus and furred, and what is behind it is not.

use nn::Random;

use super::landscape;
use crate::animals::{Animal, Species};
use crate::drawing::canvas::{Canvas, Outline, ellipse};
use crate::drawing::colour::{Colour, hsl};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};

/// A portrait that is the same at every size. All that chance decides comes from `random`.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let species = random.choose(&Species::ALL);
    let mut animal = Animal::new(species, random);
    while !animal.is_still() {
        animal = Animal::new(species, random);
    }
    let mut picture = match random.chance(0.6) {
        true => {
            let mut view = landscape::draw(size, random);
            view.blur(random.between(0.012, 0.03));
            view
        }
        false => backdrop(size, random),
    };
    let light = animal.staging.light;
    let outline = Outline {
        width: 0.0022,
        darkness: 0.5,
    };
    let mut sheet = Canvas::new(size, light, outline);
    animal.draw(&mut sheet);
    // How much of the animal is around: little near its edge.
    let mut solid = Canvas::flat(size);
    solid.lay(&sheet, |_, _, _| Colour(1.0, 1.0, 1.0));
    solid.blur(0.03);
    let noise = Noise::new(random);
    let towards = light.towards;
    picture.lay(&sheet, |x, y, colour| {
        let fur = fur(&noise, x, y);
        let inside = |right: f32, down: f32| solid.colour_at(x + right, y + down).0;
        let rim = inside(-0.02 * towards.0, -0.02 * towards.1) - inside(0.02 * towards.0, 0.02 * towards.1);
        let shade = 0.16 * fur + 0.5 * light.strength * rim;
        let shaded = match shade > 0.0 {
            true => colour.mix(light.tint, shade.min(0.6)),
            false => colour.scaled(1.0 + shade.max(-0.6)),
        };
        let (own, edge) = (colour.lightness(), smooth(0.5, 0.95, inside(0.0, 0.0)));
        // Eyes, noses and whatever is very dark or very light keep their gloss.
        let soft = smooth(0.08, 0.2, own) * smooth(0.995, 0.9, own);
        colour.mix(shaded, soft).scaled(0.86 + 0.14 * edge)
    });
    picture
}

/// Hair: fine noise, smeared along a way that itself wanders.
fn fur(noise: &Noise, x: f32, y: f32) -> f32 {
    let angle = 1.57 + 1.6 * noise.layered(2.2 * x, 2.2 * y, 2) + 1.3 * (x - 0.5);
    let (along, down) = (0.004 * angle.cos(), 0.004 * angle.sin());
    let hair = |step: i32| {
        let (x, y) = (x + along * step as f32, y + down * step as f32);
        noise.at(110.0 * x, 110.0 * y)
    };
    (-4..=4).map(hair).sum::<f32>() / 3.6
}

/// A photographer's cloth, or lights out of focus.
fn backdrop(size: u32, random: &mut Random) -> Canvas {
    let (hue, strength) = (random.between(0.0, 1.0), random.between(0.15, 0.5));
    let colour = hsl(hue, strength, random.between(0.25, 0.6));
    let mut canvas = Canvas::flat(size);
    let noise = Noise::new(random);
    let (x0, y0) = (random.between(0.25, 0.75), random.between(0.2, 0.5));
    canvas.repaint(|x, y, _| {
        let pool = smooth(0.95, 0.0, (x - x0).hypot(y - y0));
        let cloth = 0.12 * noise.layered(2.2 * x, 2.2 * y, 5);
        colour.scaled(0.55 + 0.6 * pool + cloth)
    });
    if random.chance(0.5) {
        let (low, high) = (random.between(0.012, 0.03), random.between(0.04, 0.075));
        for _ in 0..34 {
            let radius = random.between(low, high);
            let lamp = hsl(
                hue + random.between(-0.14, 0.14),
                random.between(0.4, 0.8),
                random.between(0.55, 0.8),
            );
            let (x, y, glow) = (
                random.between(0.0, 1.0),
                random.between(0.0, 1.0),
                random.between(0.08, 0.4),
            );
            canvas.fill(ellipse(x, y, radius, radius), lamp, glow);
        }
        canvas.blur(0.006);
    }
    canvas
}
