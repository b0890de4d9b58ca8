//! Landscapes: a sky, folds of the land from far to near, perhaps water, and what stands there.

mod buildings;
mod hour;
mod land;
mod sky;
mod trees;
mod water;

use nn::Random;

use crate::drawing::canvas::Canvas;
use crate::drawing::colour::hex;
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};
use hour::{Hour, Season};
use land::{Cover, Ridge};
use sky::Sky;
use trees::Stand;
use water::Water;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Lake,
    Sea,
    River,
    Village,
}

/// A landscape that is the same at every size. All that chance decides comes from `random`.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let place = random.choose(&[
        Place::Lake,
        Place::Lake,
        Place::Sea,
        Place::River,
        Place::Village,
        Place::Village,
    ]);
    let (hour, season) = (Hour::new(random), Season::new(random));
    paint(size, place, hour, season, random)
}

/// A bright day by the water, when there is most colour to be seen.
pub fn by_the_water(size: u32, random: &mut Random) -> Canvas {
    let place = random.choose(&[Place::Sea, Place::River]);
    let number = random.choose(&[0, 1, 1]);
    let (hour, season) = (
        Hour::numbered(number, random),
        Season::numbered(random.choose(&[0, 1, 2])),
    );
    paint(size, place, hour, season, random)
}

fn paint(size: u32, place: Place, hour: Hour, season: Season, random: &mut Random) -> Canvas {
    let horizon = match place {
        Place::Sea => random.between(0.5, 0.66),
        _ => random.between(0.46, 0.6),
    };
    let sky = Sky::new(hour, horizon, random);
    let mut view = View {
        canvas: Canvas::flat(size),
        towards: (sky.sun.0 - 0.5).signum(),
        sun: sky.sun.0,
        hour,
        season,
        horizon,
    };
    sky.draw(&mut view.canvas);
    match place {
        Place::Lake => view.lake(random),
        Place::Sea => view.sea(random),
        Place::River => view.river(random),
        Place::Village => view.village(random),
    }
    view.canvas
}

/// A landscape while it is painted.
struct View {
    canvas: Canvas,
    hour: Hour,
    season: Season,
    horizon: f32,
    sun: f32,
    /// 1 if light comes from the right, -1 if from the left.
    towards: f32,
}

impl View {
    fn ridge(&mut self, cover: Cover, base: f32, height: f32, haze: f32, random: &mut Random) -> Ridge {
        let ridge = Ridge::new(cover, base, height, haze, random);
        ridge.draw(&mut self.canvas, &self.hour, &self.season, self.towards);
        ridge
    }

    /// Mountains, if there are any, and a fold of woods before them.
    fn distance(&mut self, random: &mut Random) {
        let horizon = self.horizon;
        if random.chance(0.75) {
            let height = random.between(0.26, 0.4) * horizon / 0.5;
            self.ridge(Cover::Peaks, horizon, height, 0.55, random);
            let height = random.between(0.16, 0.26);
            self.ridge(Cover::Peaks, horizon + 0.02, height, 0.34, random);
        } else {
            self.ridge(Cover::Woods, horizon, random.between(0.12, 0.2), 0.72, random);
            self.ridge(
                Cover::Woods,
                horizon + 0.01,
                random.between(0.08, 0.14),
                0.52,
                random,
            );
        }
        self.ridge(
            Cover::Woods,
            horizon + 0.02,
            random.between(0.07, 0.12),
            0.26,
            random,
        );
    }

    fn tree(&mut self, conifer: bool, x: f32, y: f32, height: f32, haze: f32, random: &mut Random) {
        let at = Stand {
            x,
            y,
            height,
            haze,
            towards: self.towards,
        };
        match conifer {
            true => trees::conifer(&mut self.canvas, at, &self.hour, &self.season, random),
            false => trees::broadleaf(&mut self.canvas, at, &self.hour, &self.season, random),
        }
    }

    /// Trees in a row, near ones last.
    fn grove(
        &mut self,
        conifers: bool,
        count: usize,
        middle: f32,
        (foot, height): (f32, f32),
        random: &mut Random,
    ) {
        for number in 0..count {
            let x = middle + random.between(-0.24, 0.24);
            let near = number as f32 / count as f32;
            let tall = height * random.between(0.6, 1.0) * (0.7 + 0.4 * near);
            self.tree(conifers, x, foot + 0.014 * near, tall, 0.18 - 0.12 * near, random);
        }
    }

    fn lake(&mut self, random: &mut Random) {
        self.distance(random);
        let shore = self.horizon + 0.05;
        let conifers = random.chance(0.7);
        let (left, right) = (random.between(0.05, 0.3), random.between(0.7, 0.95));
        let (many, few) = (9 + (6.0 * random.between(0.0, 1.0)) as usize, 5);
        self.grove(conifers, many, left, (shore, random.between(0.12, 0.2)), random);
        self.grove(conifers, few, right, (shore, random.between(0.07, 0.13)), random);
        let water = Water::new(shore, random.between(0.1, 0.7), random);
        water.draw(&mut self.canvas, &self.hour, self.sun, |_, _| 1.0);
        if random.chance(0.45) {
            let place = (random.between(0.3, 0.7), shore + random.between(0.06, 0.16));
            buildings::boat(
                &mut self.canvas,
                place,
                random.between(0.1, 0.16),
                &self.hour,
                self.towards,
                random,
            );
        }
        let dark = self.hour.on(self.season.conifers.darker(0.3), 0.0);
        match random.chance(0.6) {
            true => {
                let from = random.choose(&[-0.1, 0.55]);
                trees::reeds(
                    &mut self.canvas,
                    from,
                    from + random.between(0.4, 0.6),
                    dark,
                    random,
                );
            }
            false => {
                let side = random.choose(&[0.06, 0.94]);
                self.bank(side, random);
                self.tree(conifers, side, 0.97, random.between(0.6, 0.8), 0.0, random);
            }
        }
    }

    /// A grassy bank in a lower corner.
    fn bank(&mut self, side: f32, random: &mut Random) {
        let noise = Noise::new(random);
        let top = move |x: f32| 0.9 + 1.1 * (x - side).powi(2) + 0.02 * noise.layered(6.0 * x, 0.5, 3);
        land::meadow(&mut self.canvas, top, &self.hour, &self.season, random);
    }

    fn sea(&mut self, random: &mut Random) {
        let shore = self.horizon;
        let side = -self.towards;
        let from_side = move |x: f32| 0.5 + side * (0.5 - x);
        let noise = Noise::new(random);
        let (steep, height) = (random.between(0.35, 0.55), random.between(0.12, 0.2));
        let crest = move |x: f32| {
            // The headland falls into the sea some way across.
            let land = smooth(steep, 0.0, from_side(x));
            shore + 0.012 - height * land * (1.0 + 0.3 * noise.layered(3.0 * x, 0.5, 4)) + 0.04 * (1.0 - land)
        };
        if random.chance(0.6) {
            self.ridge(Cover::Woods, shore, random.between(0.04, 0.09), 0.68, random);
        }
        let (hour, season, canvas) = (self.hour, self.season, &mut self.canvas);
        let pixel = canvas.pixel();
        canvas.repaint(|x, y, behind| {
            let depth = y - crest(x);
            let cliff = noise.ridged(14.0 * x, 5.0 * y, 4);
            let rock = season.conifers.mix(hex(0x9a8a78), 0.35 + 0.6 * cliff);
            let grass = season.grass.mix(season.field, cliff).darker(0.1);
            let surface = rock.mix(grass, smooth(0.05, 0.01, depth + 0.03 * (cliff - 0.5)));
            let lit = surface.darker(0.3 * (1.0 - cliff));
            behind.mix(hour.on(lit, 0.1), (depth / pixel + 0.5).clamp(0.0, 1.0))
        });
        let x = 0.5 + side * random.between(0.24, 0.38);
        let tall = random.between(0.24, 0.34);
        buildings::lighthouse(canvas, (x, crest(x) + 0.012), tall, &hour, self.towards);
        for _ in 0..2 {
            let place = (0.5 - side * random.between(0.0, 0.4), shore + 0.004);
            buildings::boat(
                canvas,
                place,
                random.between(0.04, 0.07),
                &hour,
                self.towards,
                random,
            );
        }
        let water = Water::new(shore, random.between(0.5, 1.0), random);
        water.draw(canvas, &hour, self.sun, |_, _| 1.0);
        if random.chance(0.6) {
            let place = (
                0.5 - side * random.between(0.0, 0.3),
                shore + random.between(0.1, 0.2),
            );
            buildings::boat(
                canvas,
                place,
                random.between(0.14, 0.2),
                &hour,
                self.towards,
                random,
            );
        }
    }

    fn river(&mut self, random: &mut Random) {
        self.distance(random);
        let top = self.horizon + 0.03;
        land::meadow(&mut self.canvas, move |_| top, &self.hour, &self.season, random);
        let (sway, phase) = (random.between(0.1, 0.2), random.between(0.0, 6.0));
        let middle = move |y: f32| {
            let near = (y - top).max(0.0);
            0.5 + sway * (phase + 2.4 / (near + 0.22)).sin() * (0.35 + 1.6 * near)
        };
        let pixel = self.canvas.pixel();
        let width = random.between(0.1, 0.2);
        let covers = move |x: f32, y: f32| {
            let half = 0.006 + width * (y - top).max(0.0).powf(1.15) / 0.45;
            ((half - (x - middle(y)).abs()) / pixel + 0.5).clamp(0.0, 1.0)
        };
        let conifers = random.chance(0.4);
        self.grove(conifers, 7, random.between(0.1, 0.9), (top + 0.01, 0.09), random);
        let water = Water::new(top, random.between(0.1, 0.5), random);
        water.draw(&mut self.canvas, &self.hour, self.sun, covers);
        for near in [0.12, 0.26] {
            let y = top + near;
            let side = random.sign();
            let x = middle(y) + side * (0.12 + 2.0 * width * near + random.between(0.0, 0.1));
            self.tree(
                random.chance(0.5) == conifers,
                x,
                y,
                0.16 + 1.1 * near,
                0.06,
                random,
            );
        }
    }

    fn village(&mut self, random: &mut Random) {
        self.distance(random);
        let base = self.horizon + 0.12;
        let ridge = self.ridge(Cover::Fields, base, random.between(0.1, 0.16), 0.16, random);
        let middle = random.between(0.25, 0.75);
        let grove = middle + if middle < 0.5 { 0.36 } else { -0.36 };
        self.grove(
            random.chance(0.3),
            8,
            grove,
            (ridge.crest(grove) + 0.03, 0.1),
            random,
        );
        let size = random.between(0.04, 0.056);
        let (hour, towards) = (self.hour, self.towards);
        buildings::village(
            &mut self.canvas,
            middle,
            |x| ridge.crest(x) + 0.02,
            size,
            &hour,
            towards,
            random,
        );
        let near = self.ridge(
            Cover::Fields,
            base + 0.16,
            random.between(0.1, 0.14),
            0.06,
            random,
        );
        for _ in 0..5 {
            let x = random.between(0.0, 1.0);
            self.tree(
                false,
                x,
                near.crest(x) + 0.02,
                random.between(0.08, 0.13),
                0.06,
                random,
            );
        }
        let noise = Noise::new(random);
        let top = random.between(0.82, 0.9);
        let edge = move |x: f32| top + 0.05 * noise.layered(1.6 * x, 0.5, 2);
        land::meadow(&mut self.canvas, edge, &self.hour, &self.season, random);
        if random.chance(0.55) {
            let side = random.choose(&[0.1, 0.9]);
            self.tree(
                random.chance(0.3),
                side,
                0.96,
                random.between(0.5, 0.68),
                0.0,
                random,
            );
        }
    }
}
