//! The sounds of American English and where their formants lie.
//!
//! Vowels are averages over many speakers, measured twice: Peterson and Barney, *Control methods used in a study of
//! the vowels* (1952, table II), and Hillenbrand, Getty, Clark and Wheeler, *Acoustic characteristics of American
//! English vowels* (1995, table V). Consonants follow Klatt, *Software for a cascade/parallel formant synthesizer*
//! (1980, table III); durations Klatt's rules of 1979 (in Lindblom and Öhman, *Frontiers of speech communication*).
//! Symbols are those of the ARPAbet.

/// F1, F2, F3 in hertz.
pub type Formants = [f32; 3];

/// A vowel that stands still.
#[derive(Clone, Copy, Debug)]
pub struct Vowel {
    /// Its symbol.
    pub symbol: &'static str,
    /// Men, women and children in 1952.
    pub peterson_barney: [Formants; 3],
    /// Men, women and children in 1995, one generation and some hundred miles on.
    pub hillenbrand: [Formants; 3],
}

/// The steady vowels of beet, bit, bet, bat, pot, bought, book, boot, but and bird.
pub const VOWELS: [Vowel; 10] = [
    Vowel {
        symbol: "IY",
        peterson_barney: [[270., 2290., 3010.], [310., 2790., 3310.], [370., 3200., 3730.]],
        hillenbrand: [[342., 2322., 3000.], [437., 2761., 3372.], [452., 3081., 3702.]],
    },
    Vowel {
        symbol: "IH",
        peterson_barney: [[390., 1990., 2550.], [430., 2480., 3070.], [530., 2730., 3600.]],
        hillenbrand: [[427., 2034., 2684.], [483., 2365., 3053.], [511., 2552., 3403.]],
    },
    Vowel {
        symbol: "EH",
        peterson_barney: [[530., 1840., 2480.], [610., 2330., 2990.], [690., 2610., 3570.]],
        hillenbrand: [[580., 1799., 2605.], [731., 2058., 2979.], [749., 2267., 3310.]],
    },
    Vowel {
        symbol: "AE",
        peterson_barney: [[660., 1720., 2410.], [860., 2050., 2850.], [1010., 2320., 3320.]],
        hillenbrand: [[588., 1952., 2601.], [669., 2349., 2972.], [717., 2501., 3289.]],
    },
    Vowel {
        symbol: "AA",
        peterson_barney: [[730., 1090., 2440.], [850., 1220., 2810.], [1030., 1370., 3170.]],
        hillenbrand: [[768., 1333., 2522.], [936., 1551., 2815.], [1002., 1688., 2950.]],
    },
    Vowel {
        symbol: "AO",
        peterson_barney: [[570., 840., 2410.], [590., 920., 2710.], [680., 1060., 3180.]],
        hillenbrand: [[652., 997., 2538.], [781., 1136., 2824.], [803., 1210., 2982.]],
    },
    Vowel {
        symbol: "UH",
        peterson_barney: [[440., 1020., 2240.], [470., 1160., 2680.], [560., 1410., 3310.]],
        hillenbrand: [[469., 1122., 2434.], [519., 1225., 2827.], [568., 1490., 3072.]],
    },
    Vowel {
        symbol: "UW",
        peterson_barney: [[300., 870., 2240.], [370., 950., 2670.], [430., 1170., 3260.]],
        hillenbrand: [[378., 997., 2343.], [459., 1105., 2735.], [494., 1345., 2988.]],
    },
    Vowel {
        symbol: "AH",
        peterson_barney: [[640., 1190., 2390.], [760., 1400., 2780.], [850., 1590., 3360.]],
        hillenbrand: [[623., 1200., 2550.], [753., 1426., 2933.], [749., 1546., 3145.]],
    },
    Vowel {
        symbol: "ER",
        peterson_barney: [[490., 1350., 1690.], [500., 1640., 1960.], [560., 1820., 2160.]],
        hillenbrand: [[474., 1379., 1710.], [523., 1588., 1929.], [586., 1719., 2143.]],
    },
];

/// Where a diphthong starts and where it goes, for a man.
#[derive(Clone, Copy, Debug)]
pub struct Diphthong {
    /// Its symbol.
    pub symbol: &'static str,
    /// At its start.
    pub from: Formants,
    /// Towards its end, rarely reached.
    pub to: Formants,
}

/// The vowels of bay, buy, boy, bough and bow.
pub const DIPHTHONGS: [Diphthong; 5] = [
    Diphthong {
        symbol: "EY",
        from: [480., 2000., 2600.],
        to: [330., 2280., 2850.],
    },
    Diphthong {
        symbol: "AY",
        from: [740., 1220., 2450.],
        to: [390., 2050., 2600.],
    },
    Diphthong {
        symbol: "OY",
        from: [550., 850., 2400.],
        to: [390., 1950., 2550.],
    },
    Diphthong {
        symbol: "AW",
        from: [740., 1350., 2450.],
        to: [430., 950., 2350.],
    },
    Diphthong {
        symbol: "OW",
        from: [530., 1020., 2350.],
        to: [370., 830., 2300.],
    },
];

/// The vowel of *four*, closer than that of *off*, for a man.
pub const BEFORE_R: Formants = [480., 790., 2350.];
/// The vowel of *about*, for a man; it bends towards its neighbours.
pub const SCHWA: Formants = [500., 1400., 2450.];
/// The vowel of *bird* where the r is not spoken, for a man.
pub const OPEN_BIRD: Formants = [520., 1380., 2450.];
/// How much higher formants of women and children lie than men's, on average over the vowels above.
pub const SCALE: [f32; 3] = [1.0, 1.17, 1.29];

/// How a sound is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The mouth open, the voice on.
    Vowel,
    /// w, y, r, l: nearly a vowel.
    Approximant,
    /// m, n, ng: the mouth closed, the nose open.
    Nasal,
    /// A narrow passage in which the air hisses.
    Fricative,
    /// The passage closed, then burst open.
    Plosive,
    /// A plosive let go into a fricative.
    Affricate,
    /// h: air through the open glottis, the mouth already shaped for what follows.
    Aspirate,
    /// Nothing.
    Silence,
}

/// Where the passage is narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the lips.
    Labial,
    /// At the teeth.
    Dental,
    /// At the ridge behind the teeth.
    Alveolar,
    /// At the hard palate.
    Palatal,
    /// At the soft palate.
    Velar,
}

impl Place {
    /// The locus equation of F2: slope and, for a man, intercept in hertz. F2 at the edge of a vowel is slope ·
    /// (F2 of the vowel) + intercept (Sussman, McCaffrey and Matthews 1991 for b, d, g; the others follow them).
    pub fn locus(self) -> (f32, f32) {
        match self {
            Self::Labial => (0.87, 90.0),
            Self::Dental => (0.50, 680.0),
            Self::Alveolar => (0.43, 1020.0),
            Self::Palatal => (0.40, 1150.0),
            Self::Velar => (0.80, 520.0),
        }
    }

    /// Seconds that the formants take from such a place into a vowel.
    pub fn transition(self) -> f32 {
        match self {
            Self::Labial => 0.045,
            Self::Dental | Self::Alveolar => 0.06,
            Self::Palatal | Self::Velar => 0.075,
        }
    }
}

/// A consonant.
#[derive(Clone, Copy, Debug)]
pub struct Consonant {
    /// Its symbol.
    pub symbol: &'static str,
    /// How it is made.
    pub manner: Manner,
    /// Where it is made.
    pub place: Place,
    /// Whether the voice sounds.
    pub voiced: bool,
    /// Formants of a man, though most are hidden behind a closure.
    pub formants: Formants,
    /// Their bandwidths in hertz.
    pub bandwidths: Formants,
    /// Inherent and shortest duration in seconds.
    pub seconds: (f32, f32),
}

const fn consonant(
    symbol: &'static str,
    (manner, place, voiced): (Manner, Place, bool),
    formants: Formants,
    bandwidths: Formants,
    seconds: (f32, f32),
) -> Consonant {
    Consonant {
        symbol,
        manner,
        place,
        voiced,
        formants,
        bandwidths,
        seconds,
    }
}

use Manner::{Affricate, Approximant, Fricative, Nasal, Plosive};
use Place::{Alveolar, Dental, Labial, Palatal, Velar};

/// All consonants but h, which has no formants of its own.
#[rustfmt::skip] // a table
pub const CONSONANTS: [Consonant; 23] = [
    consonant("W", (Approximant, Labial, true), [290., 610., 2150.], [50., 80., 60.], (0.080, 0.060)),
    consonant("Y", (Approximant, Palatal, true), [260., 2150., 3020.], [40., 200., 400.], (0.080, 0.050)),
    consonant("R", (Approximant, Alveolar, true), [330., 1060., 1450.], [70., 100., 120.], (0.080, 0.045)),
    consonant("L", (Approximant, Alveolar, true), [330., 1050., 2800.], [50., 100., 280.], (0.080, 0.050)),
    consonant("M", (Nasal, Labial, true), [280., 1050., 2130.], [60., 200., 200.], (0.075, 0.060)),
    consonant("N", (Nasal, Alveolar, true), [280., 1450., 2470.], [60., 300., 300.], (0.070, 0.050)),
    consonant("NG", (Nasal, Velar, true), [280., 1990., 2850.], [60., 250., 300.], (0.095, 0.060)),
    consonant("F", (Fricative, Labial, false), [340., 1100., 2080.], [200., 120., 150.], (0.100, 0.080)),
    consonant("V", (Fricative, Labial, true), [240., 1100., 2080.], [60., 90., 120.], (0.065, 0.045)),
    consonant("TH", (Fricative, Dental, false), [320., 1290., 2540.], [200., 90., 200.], (0.095, 0.070)),
    consonant("DH", (Fricative, Dental, true), [270., 1290., 2540.], [60., 80., 170.], (0.055, 0.035)),
    consonant("S", (Fricative, Alveolar, false), [320., 1390., 2530.], [200., 80., 200.], (0.110, 0.065)),
    consonant("Z", (Fricative, Alveolar, true), [250., 1390., 2530.], [70., 60., 180.], (0.080, 0.050)),
    consonant("SH", (Fricative, Palatal, false), [300., 1840., 2750.], [200., 100., 300.], (0.115, 0.080)),
    consonant("ZH", (Fricative, Palatal, true), [260., 1840., 2750.], [70., 100., 300.], (0.080, 0.050)),
    consonant("CH", (Affricate, Palatal, false), [350., 1800., 2820.], [200., 90., 300.], (0.070, 0.050)),
    consonant("JH", (Affricate, Palatal, true), [260., 1800., 2820.], [60., 80., 270.], (0.070, 0.050)),
    consonant("P", (Plosive, Labial, false), [400., 1100., 2150.], [300., 150., 220.], (0.085, 0.045)),
    consonant("B", (Plosive, Labial, true), [200., 1100., 2150.], [60., 110., 130.], (0.080, 0.045)),
    consonant("T", (Plosive, Alveolar, false), [400., 1600., 2600.], [300., 120., 250.], (0.075, 0.050)),
    consonant("D", (Plosive, Alveolar, true), [200., 1600., 2600.], [60., 100., 170.], (0.070, 0.050)),
    consonant("K", (Plosive, Velar, false), [300., 1990., 2850.], [250., 160., 330.], (0.075, 0.045)),
    consonant("G", (Plosive, Velar, true), [200., 1990., 2850.], [60., 150., 280.], (0.070, 0.045)),
];

/// Inherent and shortest duration of the vowels in seconds.
pub fn vowel_seconds(symbol: &str) -> (f32, f32) {
    match symbol {
        "IY" => (0.165, 0.060),
        "IH" => (0.130, 0.050),
        "EH" => (0.150, 0.070),
        "AE" => (0.210, 0.090),
        "AA" | "AO" | "OR" => (0.220, 0.100),
        "UH" => (0.150, 0.060),
        "UW" => (0.190, 0.070),
        "AH" => (0.145, 0.065),
        "ER" => (0.180, 0.080),
        "EY" => (0.190, 0.090),
        "AY" | "AW" => (0.240, 0.130),
        "OY" => (0.260, 0.150),
        "OW" => (0.210, 0.090),
        _ => (0.090, 0.045), // schwa
    }
}

/// The consonant with this symbol.
pub fn find(symbol: &str) -> Option<&'static Consonant> {
    CONSONANTS.iter().find(|consonant| consonant.symbol == symbol)
}

/// How the sound with this symbol is made.
pub fn manner(symbol: &str) -> Manner {
    match symbol {
        "SIL" => Manner::Silence,
        "HH" => Manner::Aspirate,
        _ => find(symbol).map_or(Manner::Vowel, |consonant| consonant.manner),
    }
}

/// Whether the voice sounds in it.
pub fn voiced(symbol: &str) -> bool {
    match manner(symbol) {
        Manner::Vowel => true,
        Manner::Aspirate | Manner::Silence => false,
        _ => find(symbol).is_some_and(|consonant| consonant.voiced),
    }
}

/// The noise of a narrow passage: bands of white noise and what is left of it everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frication {
    /// Middle in hertz (of a man), width as a share of it, gain.
    pub bands: [(f32, f32, f32); 3],
    /// The gain of the noise beside the bands.
    pub flat: f32,
    /// How loud it is, as root mean square against a vowel's.
    pub level: f32,
}

/// What hisses in a fricative, or bursts from a plosive, of this symbol.
pub fn frication(symbol: &str) -> Frication {
    #[rustfmt::skip] // a table
    let (bands, flat, level) = match symbol {
        "S" | "Z" => ([(4700., 0.30, 0.7), (6000., 0.30, 1.0), (7400., 0.30, 0.6)], 0.01, 0.20),
        "SH" | "ZH" | "CH" | "JH" => ([(2650., 0.25, 1.0), (3700., 0.30, 0.9), (5600., 0.50, 0.4)], 0.02, 0.22),
        "F" | "V" => ([(1300., 1.00, 0.25), (4500., 0.90, 0.5), (7300., 0.50, 0.5)], 0.15, 0.045),
        "TH" | "DH" => ([(1600., 0.90, 0.15), (5600., 0.60, 0.6), (7300., 0.40, 1.0)], 0.08, 0.04),
        "P" | "B" => ([(700., 1.00, 1.0), (1700., 0.90, 0.5), (3500., 0.90, 0.2)], 0.08, 0.09),
        "T" | "D" => ([(3800., 0.40, 0.8), (5200., 0.50, 1.0), (7000., 0.40, 0.6)], 0.06, 0.17),
        // A velar burst is where F2 and F3 meet: `articulation` moves its first band to the vowel.
        _ => ([(1900., 0.25, 1.0), (3800., 0.50, 0.25), (5600., 0.60, 0.15)], 0.04, 0.18),
    };
    Frication { bands, flat, level }
}
