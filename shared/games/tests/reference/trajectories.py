"""Writes gymnasium.txt: episodes of CartPole-v1 and MountainCar-v0, for classic.rs to compare with, step by step.

    python trajectories.py > gymnasium.txt

The file here was made with Gymnasium 1.4.0 on Linux x86-64. An episode is a line `game what-it-shows`, then one with
the state that it starts from, then a line a step: action, reward, 1 if terminated, and the state, in double precision.
"""

import random

import gymnasium
import numpy


def write(game, shows, choose, start=None, seed=None, steps=200):
    """Plays one episode, in which `choose(state)` says the action."""
    environment = gymnasium.make(game)
    environment.reset(seed=seed)
    inside = environment.unwrapped
    if start is not None:
        inside.state = numpy.array(start)
    print(game, shows)
    print(*map(float, inside.state))
    for _ in range(steps):
        action = choose(inside.state)
        _, reward, terminated, truncated, _ = environment.step(action)
        print(action, reward, int(terminated), *map(float, inside.state))
        if terminated or truncated:
            break


def balance(state):
    """Pushes towards where the pole will be in a moment."""
    return int(state[2] + state[3] > 0)


def swing(state):
    """Pushes the way the car goes."""
    return 2 if state[1] >= 0 else 0


dice = random.Random(7)
write("CartPole-v1", "random-1", lambda _: dice.randrange(2), seed=1)
write("CartPole-v1", "random-2", lambda _: dice.randrange(2), seed=2)
write("CartPole-v1", "balanced", balance, seed=3, steps=120)
write("CartPole-v1", "falls-left", lambda _: 1, seed=4)
write("CartPole-v1", "falls-right", lambda _: 0, seed=5)
write("CartPole-v1", "leaves-left", balance, start=[-2.0, -1.5, 0.0, 0.0])
write("CartPole-v1", "leaves-right", balance, start=[2.0, 1.5, 0.0, 0.0])
write("MountainCar-v0", "random", lambda _: dice.randrange(3), seed=1, steps=60)
write("MountainCar-v0", "swings-to-the-flag", swing, seed=2)
write("MountainCar-v0", "stops-at-the-left-wall", lambda _: 0, start=[-1.1, -0.05], steps=30)
write("MountainCar-v0", "rolls-to-the-flag", lambda _: 1, start=[0.4, 0.035])
write("MountainCar-v0", "is-as-fast-as-can-be", lambda _: 2, start=[-0.8, 0.065], steps=30)
