use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "snips",
    title: "SNIPS, custom intents of June 2017 (Coucke and others, 2018)",
    what: "13,784 English requests for training and 700 for validation, of seven intents, with the spans of their \
           slots.",
    licence: "CC0 1.0",
    home: "https://github.com/sonos/nlu-benchmark/tree/master/2017-06-custom-intent-engines",
    size: 4_682_783,
    layout: "INTENT/train_INTENT_full.json and INTENT/validate_INTENT.json: spans of text, some with an entity",
    class_folders: false,
    split: "official training and validation parts; the validation part serves as test, so take your own validation \
            from training",
    faults: &[
        "train_PlayMusic_full.json is not valid UTF-8 throughout: decode what is not as Latin-1",
        "a linear model on words is right for almost all intents: accuracy of intents alone proves nothing",
    ],
    mirror: "snips",
    source: Source::Files {
        files: &[
            file(
                "AddToPlaylist/train_AddToPlaylist_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/AddToPlaylist/train_AddToPlaylist_full.json",
                ],
                833_810,
                &["fee1b4645352e70ed8a40f1f87c3b53fc3bf75f8ebc82252a22b82c107e75b01"],
            ),
            file(
                "AddToPlaylist/validate_AddToPlaylist.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/AddToPlaylist/validate_AddToPlaylist.json",
                ],
                44_160,
                &["14cc9ee49ae477b1452632a6e835498cf4c32da397b16967c82abb3e50403e83"],
            ),
            file(
                "BookRestaurant/train_BookRestaurant_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/BookRestaurant/train_BookRestaurant_full.json",
                ],
                980_018,
                &["7677e82cd6e9a8191f0a4502568c786278c984900b4796d3628e46f1abf73ef4"],
            ),
            file(
                "BookRestaurant/validate_BookRestaurant.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/BookRestaurant/validate_BookRestaurant.json",
                ],
                49_353,
                &["4f7258ccc768b777b2eb8916532db9aa50dbd058ddf1ffb0dc59218963e7442a"],
            ),
            file(
                "GetWeather/train_GetWeather_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/GetWeather/train_GetWeather_full.json",
                ],
                743_646,
                &["86f414b2ad8a993134d85d16e25e5d337beae47cef993c0af2a5f440405c60f6"],
            ),
            file(
                "GetWeather/validate_GetWeather.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/GetWeather/validate_GetWeather.json",
                ],
                39_612,
                &["60c095e193655d6ca92be220fed3926ca25e18cd70c85664145efe25d80993af"],
            ),
            file(
                "PlayMusic/train_PlayMusic_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/PlayMusic/train_PlayMusic_full.json",
                ],
                675_343,
                &["901ddbe9781d1fdb8196e789c543f80df3d29ca6e237da64947905adcc0312e4"],
            ),
            file(
                "PlayMusic/validate_PlayMusic.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/PlayMusic/validate_PlayMusic.json",
                ],
                33_122,
                &["922212775e26259d5bffeaf79b6048d070ca017d229df00b2cc9800f71c75d20"],
            ),
            file(
                "RateBook/train_RateBook_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/RateBook/train_RateBook_full.json",
                ],
                506_364,
                &["bb43e4b74134300d5766f6b420d0357a63402987a225f6dc92c806c9c040ce04"],
            ),
            file(
                "RateBook/validate_RateBook.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/RateBook/validate_RateBook.json",
                ],
                52_854,
                &["c1f8b4114da0bb5e8afd78a8062766e18b2eabb0e717539598db01b09d04619b"],
            ),
            file(
                "SearchCreativeWork/train_SearchCreativeWork_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/SearchCreativeWork/train_SearchCreativeWork_full.json",
                ],
                292_392,
                &["87b3432de48c71c205aa5238b41d9e3f2d70bdfcd0bea2427544fb9e4bd5e5bb"],
            ),
            file(
                "SearchCreativeWork/validate_SearchCreativeWork.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/SearchCreativeWork/validate_SearchCreativeWork.json",
                ],
                31_404,
                &["8a5e830eddb185d3e4a9d27ded140a145d04766bdce0e58834676ede32d13e77"],
            ),
            file(
                "SearchScreeningEvent/train_SearchScreeningEvent_full.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/SearchScreeningEvent/train_SearchScreeningEvent_full.json",
                ],
                364_989,
                &["5447e9440c02e2fb08c3ae16b9f58a4d1332b4bc77fd34691402b02aa4399765"],
            ),
            file(
                "SearchScreeningEvent/validate_SearchScreeningEvent.json",
                &[
                    "https://raw.githubusercontent.com/sonos/nlu-benchmark/master/2017-06-custom-intent-engines/SearchScreeningEvent/validate_SearchScreeningEvent.json",
                ],
                35_716,
                &["81e1445713e03c7c3e615353c5f3fee05f369fe9834100b9b9735900a96b9498"],
            ),
        ],
        checked: "of a copy of the official repository; its home states none",
    },
    contents: Contents {
        extensions: &["json"],
        files: 14,
        sha256: None,
    },
};

const fn file(
    path: &'static str,
    urls: &'static [&'static str],
    bytes: u64,
    sha256: &'static [&'static str],
) -> RemoteFile {
    RemoteFile {
        path,
        urls,
        bytes: Some(bytes),
        sha256,
        unpack: None,
    }
}
