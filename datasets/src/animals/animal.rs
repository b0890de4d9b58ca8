//! One animal: all that chance decides of it, and the order in which it is painted.

use nn::Random;
use tiny_skia::Transform;

use super::body::{Body, Pose};
use super::coat::Coat;
use super::crown::Crown;
use super::ears::Ears;
use super::eyes::Eyes;
use super::finish::Finish;
use super::head::Head;
use super::props::Props;
use super::scene::Scene;
use super::snout::{Mouth, Snout};
use super::species::Species;
use crate::drawing::canvas::{Canvas, Light, Outline};
use crate::drawing::colour::{BLACK, hex};
use crate::drawing::dice::Dice;

/// Where the animal is in the frame, and what light falls on it.
pub(crate) struct Staging {
    /// Half the height of the head.
    scale: f32,
    /// Middle of the head.
    x: f32,
    y: f32,
    /// Degrees that the head is tilted.
    tilt: f32,
    mirrored: f32,
    pub light: Light,
    pub outline: Outline,
}

impl Staging {
    fn new(random: &mut Random, body: &Body) -> Self {
        let between = |random: &mut Random, (low, high): (f32, f32)| random.between(low, high);
        let (scale, x, y) = match body.pose {
            Pose::CloseUp => ((0.3, 0.39), (0.35, 0.65), (0.44, 0.61)),
            Pose::Sitting => ((0.23, 0.29), (0.27, 0.73), (0.35, 0.49)),
            Pose::Lying => ((0.25, 0.32), (0.28, 0.48), (0.43, 0.63)),
            Pose::Walking => ((0.22, 0.27), (0.28, 0.44), (0.36, 0.5)),
            Pose::Peeking => ((0.27, 0.37), (0.31, 0.69), (0.43, 0.61)),
        };
        let angle = random.between(0.0, std::f32::consts::TAU);
        Self {
            scale: between(random, scale),
            x: between(random, x),
            y: between(random, y),
            tilt: random.between(-18.0, 18.0),
            mirrored: random.sign(),
            light: Light {
                towards: (angle.cos(), -angle.sin().abs().max(0.15)),
                strength: random.between(0.15, 1.0),
                tint: hex(random.choose(&[0xfff6e0, 0xffe2b0, 0xffffff, 0xdcecff])),
            },
            outline: Outline {
                width: random.choose(&[0.006, 0.008, 0.01]),
                darkness: random.between(0.7, 1.0),
            },
        }
    }
}

/// An animal and where it is.
pub(crate) struct Animal {
    species: Species,
    pub staging: Staging,
    pub scene: Scene,
    pub finish: Finish,
    coat: Coat,
    head: Head,
    eyes: Eyes,
    body: Body,
    props: Props,
    ears: Ears,
    snout: Snout,
    crown: Crown,
    mouth: Mouth,
}

impl Animal {
    pub fn new(species: Species, random: &mut Random) -> Self {
        // First what all species draw from the same lots …
        let coat = Coat::new(random, species.typical_colours());
        let mut head = Head::new(random);
        let mut eyes = Eyes::new(random);
        let mut body = Body::new(random);
        let staging = Staging::new(random, &body);
        let scene = Scene::new(random, coat.base.lightness());
        let props = Props::new(random);
        let finish = Finish::new(random);
        // … then what makes the species.
        let (ears, snout, crown) = species.face(random);
        let mouth = species.mouth(random);
        species.fit(&mut head, &mut eyes, &mut body);
        let coat = match species {
            Species::Panda => coat.like_a_panda(),
            Species::Owl | Species::Sheep => coat.without_pattern(),
            _ => coat,
        };
        Self {
            species,
            staging,
            scene,
            finish,
            coat,
            head,
            eyes,
            body,
            props,
            ears,
            snout,
            crown,
            mouth,
        }
    }

    /// Whether it is near, or sits still.
    pub fn is_still(&self) -> bool {
        matches!(self.body.pose, Pose::CloseUp | Pose::Sitting)
    }

    /// Whether it sits, all of its head is in the frame, and its coat is light.
    pub fn sits_light_and_whole(&self) -> bool {
        let room = self.staging.x.min(1.0 - self.staging.x);
        self.body.pose == Pose::Sitting && room > 0.36 && self.coat.base.lightness() > 0.5
    }

    /// Where its head is in the frame.
    pub fn middle(&self) -> (f32, f32) {
        (x_of(self.staging.x, self.staging.mirrored), self.staging.y)
    }

    /// Paints it over what is on the canvas.
    pub fn draw(&self, canvas: &mut Canvas) {
        let Staging {
            scale, x, mirrored, ..
        } = self.staging;
        // Long ears make the rest smaller.
        let scale = scale * (1.0 - 0.25 * self.species.headroom());
        let y = (self.staging.y + 0.5 * scale * self.species.headroom()).min(0.66);
        let upright = Transform::from_translate(x_of(x, mirrored), y).pre_scale(scale * mirrored, scale);
        let tilted = upright.pre_rotate(self.staging.tilt);
        canvas.within(upright, |canvas| {
            canvas.glow((0.6, 1.2), 2.4, BLACK, 0.16);
            self.body.behind(canvas, &self.coat);
            self.props.on_neck(canvas);
        });
        canvas.within(tilted, |canvas| {
            self.crown.behind(canvas, &self.head, &self.coat);
            self.ears.draw(canvas, &self.head, &self.coat, false);
            let outline = self.head.outline();
            canvas.shape(outline.clone(), self.coat.base);
            canvas.clipped(&outline, |canvas| self.coat.mark_head(canvas, &self.head));
            self.crown.on_face(
                canvas,
                &self.head,
                &self.coat,
                (self.eyes.spacing, self.eyes.height, self.eyes.size),
            );
            self.eyes.draw(canvas, &self.head, &self.coat);
            self.snout.draw(canvas, &self.head, &self.coat, &self.mouth);
            self.ears.draw(canvas, &self.head, &self.coat, true);
            self.props.on_head(canvas, &self.head);
        });
        if self.body.pose == Pose::Peeking {
            self.props.edge(canvas, y + 1.12 * scale);
        }
        canvas.within(upright, |canvas| {
            if self.crown == Crown::None && !matches!(self.body.pose, Pose::Peeking | Pose::Lying) {
                self.props.under_chin(canvas);
            }
            self.body.before(canvas, &self.coat);
        });
        self.props.in_front(canvas, self.body.pose, y + 1.25 * scale);
    }
}

/// A place across the frame, or its mirror image.
fn x_of(x: f32, mirrored: f32) -> f32 {
    if mirrored > 0.0 { x } else { 1.0 - x }
}
