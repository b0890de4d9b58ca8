"""Makes log_mel.csv and mfcc.csv: what the crate must reproduce, from librosa and from NumPy alone.

    pip install numpy librosa     # made with numpy 2 and librosa 0.11
    python make_reference.py

The sound is a sum of two chirps and a pulse train, the same formula as in tests/features.rs. librosa's numbers are
compared here with a second computation that uses only NumPy, so that the reference does not hang on one program;
the script fails when the two differ.
"""

import librosa
import numpy as np

RATE, FFT, HOP, BANDS, LOW, HIGH, FLOOR, COEFFICIENTS = 16_000, 1024, 256, 40, 30.0, 8_000.0, 1e-8, 20

n = np.arange(6_000)
t = n / RATE
sound = 0.4 * np.sin(2 * np.pi * (200 * t + 4_000 * t**2)) + 0.1 * np.sin(2 * np.pi * 3_000 * t) * (n > 3_000)
sound[::500] += 0.3


def mel_power_numpy():
    def to_hz(mel):
        return np.where(mel < 15, mel * 200 / 3, 1_000 * 6.4 ** ((mel - 15) / 27))

    low, high = LOW * 3 / 200, 15 + 27 * np.log(HIGH / 1_000) / np.log(6.4)
    edges = to_hz(np.linspace(low, high, BANDS + 2))
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)
    padded = np.pad(sound, FFT // 2)
    frames = np.stack([padded[i : i + FFT] * window for i in range(0, len(sound) + 1, HOP)], axis=1)
    return filters @ np.abs(np.fft.rfft(frames, axis=0)) ** 2


power = librosa.feature.melspectrogram(
    y=sound, sr=RATE, n_fft=FFT, hop_length=HOP, n_mels=BANDS, fmin=LOW, fmax=HIGH, dtype=np.float64
)
np.testing.assert_allclose(power, mel_power_numpy(), rtol=1e-5, atol=1e-9)
log_mel = np.log(np.maximum(power, FLOOR))
mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=COEFFICIENTS)
k, band = np.arange(COEFFICIENTS)[:, None], np.arange(BANDS)
dct = np.sqrt(np.where(k == 0, 1, 2) / BANDS) * np.cos(np.pi * k * (band + 0.5) / BANDS)
np.testing.assert_allclose(mfcc, dct @ log_mel, rtol=1e-6, atol=1e-6)

np.savetxt("log_mel.csv", log_mel, fmt="%.5f", delimiter=",")
np.savetxt("mfcc.csv", mfcc, fmt="%.5f", delimiter=",")
