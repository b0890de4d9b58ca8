//! What makes a cat a cat: ears, snout and what else grows on the head. Nothing else tells the species apart.

use nn::Random;

use super::body::{Body, Tail};
use super::crown::Crown;
use super::ears::{Ears, Shape};
use super::eyes::Eyes;
use super::head::Head;
use super::snout::{Mouth, Snout};
use crate::drawing::colour::{WHITE, hex};
use crate::drawing::dice::Dice;

/// The animals that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "their names say it all")]
pub enum Species {
    Bear,
    Cat,
    Cow,
    Dog,
    Elephant,
    Fox,
    Frog,
    Koala,
    Lion,
    Mouse,
    Owl,
    Panda,
    Pig,
    Rabbit,
    Sheep,
}

impl Species {
    /// All of them, by name.
    pub const ALL: [Species; 15] = [
        Species::Bear,
        Species::Cat,
        Species::Cow,
        Species::Dog,
        Species::Elephant,
        Species::Fox,
        Species::Frog,
        Species::Koala,
        Species::Lion,
        Species::Mouse,
        Species::Owl,
        Species::Panda,
        Species::Pig,
        Species::Rabbit,
        Species::Sheep,
    ];

    /// Its name, which is also that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Species::Bear => "bear",
            Species::Cat => "cat",
            Species::Cow => "cow",
            Species::Dog => "dog",
            Species::Elephant => "elephant",
            Species::Fox => "fox",
            Species::Frog => "frog",
            Species::Koala => "koala",
            Species::Lion => "lion",
            Species::Mouse => "mouse",
            Species::Owl => "owl",
            Species::Panda => "panda",
            Species::Pig => "pig",
            Species::Rabbit => "rabbit",
            Species::Sheep => "sheep",
        }
    }

    /// Colours that it wears half of the time; the other half it is dressed like everybody else.
    pub(super) fn typical_colours(self) -> &'static [u32] {
        match self {
            Species::Cat | Species::Dog => &[],
            Species::Bear => &[0x6b4a33, 0x8a5f3d, 0x3d3029, 0xf0ece4],
            Species::Cow => &[0xf1eeea, 0x9c6a45, 0x3a3335, 0xe2c9a4],
            Species::Elephant => &[0x8f949e, 0xa5a8b0, 0x767b86, 0xb4a8a0],
            Species::Fox => &[0xd9712e, 0xc95f28, 0xe08a45, 0xe9e6e2],
            Species::Frog => &[0x6db24a, 0x8cc152, 0x4f9a5c, 0xa9b84a],
            Species::Koala => &[0x9a9fa8, 0x868b95, 0xb2b0b3, 0x8d8078],
            Species::Lion => &[0xd9a657, 0xe3b76d, 0xc98f45, 0xefe0c0],
            Species::Mouse => &[0x9c9795, 0xb8b2ae, 0x857468, 0xf0ebe8],
            Species::Owl => &[0x8b6a4c, 0xa98a68, 0xe8e2d8, 0x6f6a68],
            Species::Panda => &[0xf2efec, 0xe9e4e0, 0x302c30],
            Species::Pig => &[0xf0b6b4, 0xe9a3a6, 0xf4c9c0, 0x6a5a58],
            Species::Rabbit => &[0xd8c6b2, 0xa98e76, 0xf2eeea, 0x8b8684],
            Species::Sheep => &[0xefe8dc, 0xe2d8c8, 0x4a4442, 0xf5f1ea],
        }
    }

    /// Its ears, snout and crown, drawn from the ranges of the species.
    pub(super) fn face(self, random: &mut Random) -> (Ears, Snout, Crown) {
        let upright = |length, width, tip, bulge, place, lean| Ears {
            shape: Shape::Upright,
            length,
            width,
            tip,
            bulge,
            place,
            lean,
        };
        let round = |size: f32, place, lean| Ears {
            shape: Shape::Round,
            length: size,
            width: size,
            tip: 0.0,
            bulge: 0.0,
            place,
            lean,
        };
        let r = random;
        match self {
            Species::Cat => (cat_ears(r), cat_snout(r), Crown::None),
            Species::Dog => {
                let ears = dog_ears(r);
                (ears, dog_snout(r, ears.shape), Crown::None)
            }
            Species::Lion => (
                round(r.between(0.3, 0.42), r.between(42.0, 50.0), 30.0),
                Snout::Pads {
                    size: r.between(1.1, 1.3),
                    nose: r.between(0.15, 0.2),
                },
                Crown::Mane {
                    reach: r.between(0.4, 0.62),
                },
            ),
            Species::Fox => (
                upright(
                    r.between(0.85, 1.2),
                    r.between(0.36, 0.5),
                    0.06,
                    0.15,
                    r.between(32.0, 42.0),
                    r.between(8.0, 28.0),
                ),
                Snout::Muzzle {
                    length: r.between(0.6, 0.95),
                    width: r.between(0.34, 0.42),
                    nose: r.between(0.1, 0.13),
                    jowl: 0.0,
                    taper: r.between(0.42, 0.56),
                },
                Crown::None,
            ),
            Species::Bear | Species::Panda => (
                round(r.between(0.3, 0.44), r.between(40.0, 52.0), r.between(20.0, 40.0)),
                Snout::Muzzle {
                    length: r.between(0.25, 0.5),
                    width: r.between(0.34, 0.44),
                    nose: r.between(0.13, 0.18),
                    jowl: 0.0,
                    taper: r.between(0.1, 0.22),
                },
                Crown::None,
            ),
            Species::Mouse => (
                round(r.between(0.56, 0.8), r.between(46.0, 56.0), r.between(30.0, 50.0)),
                Snout::Cone {
                    length: r.between(0.35, 0.6),
                },
                Crown::None,
            ),
            Species::Koala => (
                round(r.between(0.5, 0.7), r.between(62.0, 76.0), r.between(55.0, 75.0)),
                Snout::Spoon {
                    height: r.between(0.28, 0.42),
                },
                Crown::None,
            ),
            Species::Rabbit => {
                let snout = Snout::Teeth {
                    nose: r.between(0.09, 0.13),
                };
                let (length, width) = (r.between(1.3, 1.9), r.between(0.24, 0.34));
                let ears = match r.chance(0.75) {
                    true => upright(
                        length,
                        width,
                        r.between(0.14, 0.26),
                        0.9,
                        r.between(18.0, 30.0),
                        r.between(-4.0, 28.0),
                    ),
                    false => drop_ears(length, width, r.between(38.0, 46.0), r.between(-30.0, -8.0)),
                };
                (ears, snout, Crown::None)
            }
            Species::Pig => (
                upright(
                    r.between(0.5, 0.75),
                    r.between(0.3, 0.42),
                    0.1,
                    0.3,
                    r.between(38.0, 50.0),
                    r.between(30.0, 75.0),
                ),
                Snout::Disc {
                    width: r.between(0.34, 0.48),
                },
                Crown::None,
            ),
            Species::Cow => (
                upright(
                    r.between(0.6, 0.85),
                    r.between(0.2, 0.28),
                    0.2,
                    0.7,
                    r.between(62.0, 74.0),
                    r.between(85.0, 112.0),
                ),
                Snout::Broad {
                    width: r.between(0.62, 0.78),
                    height: r.between(0.34, 0.42),
                },
                Crown::Horns {
                    length: r.between(0.3, 0.7),
                },
            ),
            Species::Sheep => (
                upright(
                    r.between(0.5, 0.75),
                    r.between(0.15, 0.22),
                    0.2,
                    0.7,
                    r.between(68.0, 80.0),
                    r.between(92.0, 125.0),
                ),
                Snout::Broad {
                    width: r.between(0.3, 0.42),
                    height: r.between(0.3, 0.4),
                },
                Crown::Wool {
                    reach: r.between(0.08, 0.2),
                },
            ),
            Species::Owl => (
                no_ears(),
                Snout::Beak {
                    width: r.between(0.14, 0.2),
                },
                Crown::Feathers {
                    tuft: r.between(0.05, 0.5),
                },
            ),
            Species::Frog => (no_ears(), Snout::Grin, Crown::Bumps),
            Species::Elephant => (
                Ears {
                    shape: Shape::Fan,
                    length: r.between(0.85, 1.2),
                    width: r.between(0.75, 1.1),
                    tip: 0.0,
                    bulge: 0.0,
                    place: 80.0,
                    lean: r.between(-12.0, 10.0),
                },
                Snout::Trunk {
                    length: r.between(1.2, 1.7),
                    swing: r.between(-0.7, 0.7),
                },
                Crown::None,
            ),
        }
    }

    /// What all animals share, made to fit this one. Cats and dogs stay as they were drawn.
    pub(super) fn fit(self, head: &mut Head, eyes: &mut Eyes, body: &mut Body) {
        let no_tail = Tail {
            width: 0.0,
            ..body.tail
        };
        match self {
            Species::Cat | Species::Dog | Species::Fox => {}
            Species::Bear | Species::Panda | Species::Koala => body.tail = no_tail,
            Species::Rabbit => {
                body.tail = Tail {
                    width: 0.5,
                    length: 0.12,
                    ..body.tail
                }
            }
            Species::Mouse => {
                body.tail = Tail {
                    width: 0.1,
                    length: 1.1,
                    ..body.tail
                };
                head.jaw *= 0.8;
            }
            Species::Pig => {
                body.tail = Tail {
                    width: 0.12,
                    length: 0.5,
                    curl: 1.0,
                    tuft: false,
                };
                body.hooves = true;
            }
            Species::Cow => {
                body.tail = Tail {
                    width: 0.12,
                    tuft: true,
                    ..body.tail
                };
                body.hooves = true;
                (head.width, head.fluff) = (0.88 * head.width, 0.0);
                head.pitch = head.pitch.min(0.05);
            }
            Species::Sheep => {
                body.tail = no_tail;
                (body.hooves, body.wool) = (true, true);
                (head.width, head.jaw, head.fluff) = (0.74 * head.width, 0.5, 0.0);
                (eyes.size, eyes.spacing) = (0.85 * eyes.size, 0.78 * eyes.spacing);
                head.pitch = head.pitch.min(0.08);
            }
            Species::Lion => {
                body.tail = Tail {
                    width: 0.16,
                    tuft: true,
                    ..body.tail
                };
                eyes.size *= 0.88;
            }
            Species::Owl => {
                body.tail = no_tail;
                body.wings = true;
                head.fluff = 0.0;
                eyes.size *= 1.35;
                eyes.spacing = eyes.spacing.max(0.44);
            }
            Species::Frog => {
                body.tail = no_tail;
                (head.width, head.fluff) = (1.25 * head.width, 0.0);
                (eyes.spacing, eyes.height) = (0.66, -0.82);
                eyes.size *= 1.1;
            }
            Species::Elephant => {
                body.tail = Tail {
                    width: 0.12,
                    tuft: true,
                    ..body.tail
                };
                head.fluff = 0.0;
                eyes.size *= 0.82;
                head.pitch = head.pitch.min(0.0);
            }
        }
    }

    /// How much room its ears need above the head, in half heights of the head.
    pub(super) fn headroom(self) -> f32 {
        match self {
            Species::Rabbit => 0.9,
            _ => 0.0,
        }
    }

    /// How its mouth is. Tongues are the dog's way, though a cat may forget hers outside.
    pub(super) fn mouth(self, random: &mut Random) -> Mouth {
        let tongue = match self {
            Species::Dog => 0.45,
            Species::Cat => 0.1,
            Species::Fox | Species::Bear => 0.1,
            _ => 0.0,
        };
        Mouth {
            tongue: random.chance(tongue),
            smile: random.between(-0.3, 0.6),
            whiskers: if random.chance(0.65) {
                random.between(0.2, 0.75)
            } else {
                0.0
            },
            whisker_colour: random.choose(&[WHITE, WHITE, hex(0x2a2426)]),
            whisker_droop: random.between(-0.08, 0.16),
        }
    }
}

/// Pointed as a rule; some round-tipped, some folded like a Scottish Fold's.
fn cat_ears(r: &mut Random) -> Ears {
    let kind = r.between(0.0, 1.0);
    let mut ears = Ears {
        shape: Shape::Upright,
        length: r.between(0.72, 1.08),
        width: r.between(0.4, 0.56),
        tip: r.between(0.03, 0.1),
        bulge: r.between(0.05, 0.35),
        place: r.between(30.0, 46.0),
        lean: r.between(2.0, 32.0),
    };
    if kind < 0.06 {
        ears.shape = Shape::Folded;
        (ears.length, ears.width, ears.tip) = (r.between(0.45, 0.62), r.between(0.34, 0.44), 0.2);
    } else if kind < 0.14 {
        (ears.tip, ears.bulge) = (r.between(0.2, 0.32), r.between(0.35, 0.6));
    }
    ears
}

fn cat_snout(r: &mut Random) -> Snout {
    Snout::Pads {
        size: r.between(0.8, 1.2),
        nose: r.between(0.08, 0.115),
    }
}

/// Hanging, half-folded, or standing like a bat's or a shepherd's.
fn dog_ears(r: &mut Random) -> Ears {
    let kind = r.between(0.0, 1.0);
    if kind < 0.64 {
        let (length, width) = (r.between(0.8, 1.75), r.between(0.3, 0.5));
        return drop_ears(length, width, r.between(42.0, 62.0), r.between(-48.0, 4.0));
    }
    let mut ears = Ears {
        shape: Shape::Upright,
        length: r.between(0.7, 1.15),
        width: r.between(0.32, 0.5),
        tip: r.between(0.16, 0.4),
        bulge: r.between(0.35, 0.75),
        place: r.between(30.0, 48.0),
        lean: r.between(0.0, 40.0),
    };
    if kind < 0.85 {
        ears.shape = Shape::Folded;
        (ears.length, ears.tip) = (r.between(0.6, 1.0), r.between(0.1, 0.3));
    }
    ears
}

/// Standing ears come with a clear snout; under hanging ones it may be short.
fn dog_snout(r: &mut Random, ears: Shape) -> Snout {
    let shortest = if ears == Shape::Drop { 0.22 } else { 0.42 };
    Snout::Muzzle {
        length: r.between(shortest, 0.95),
        width: r.between(0.42, 0.56),
        nose: r.between(0.22, 0.29),
        jowl: r.between(0.0, 1.0),
        taper: r.between(0.1, 0.34),
    }
}

fn drop_ears(length: f32, width: f32, place: f32, lean: f32) -> Ears {
    Ears {
        shape: Shape::Drop,
        length,
        width,
        tip: 0.6,
        bulge: 0.1,
        place,
        lean,
    }
}

fn no_ears() -> Ears {
    Ears {
        shape: Shape::None,
        length: 0.0,
        width: 0.0,
        tip: 0.0,
        bulge: 0.0,
        place: 0.0,
        lean: 0.0,
    }
}
