"""Which copies of a photo are recognised: of photographs and made photos, each changed in the ways that people do.

    .venv/bin/python bench/photo_caught.py

For each change the share of copies within the distance that counts of one of the photo's reference hashes, and the
median distance to the nearest; for photographs of people, animals and things, for even textures, and for made photos.
The photographs are scikit-image's: group `photos` of pyproject.toml. All copies are JPEG of quality 70 unless it says
otherwise. Then the pairs of different photos that would be taken for copies.
"""

import importlib.util
import io
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from demur.photos.hash_index import HashIndex
from demur.photos.pdq import MOST_DISTANCE, PdqHashes, hash_photo_and_within
from demur.photos.reference import CROP_STEP, CROP_STEPS, reference_hashes
from photo import made_photo

PHOTOGRAPHS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg")
TEXTURES = ("brick.png", "grass.png", "gravel.png")
MADE = 20
TRIALS = 10
"""How often a change that draws lots is made to each photo."""

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def cut(least: float, most: float) -> Change:
    """Return a change that cuts a share drawn by lot from each edge."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        left, top, right, bottom = rng.uniform(least, most, 4) * (image.size * 2)
        return image.crop((round(left), round(top), image.width - round(right), image.height - round(bottom)))

    return change


def caption(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Write large white words over the upper and lower part, as memes do."""
    changed, size = image.copy(), image.height // 9
    for top in (size // 4, image.height - size * 5 // 4):
        ImageDraw.Draw(changed).text((image.width // 10, top), "WHEN NOBODY ASKED", "white", font_size=size)
    return changed


def framed(share: float) -> Change:
    """Return a change that puts a white border around."""
    return lambda image, _: ImageOps.expand(image, round(share * min(image.size)), "white")


def screenshot(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Put the photo on a telephone's screen, with a line of words above and below."""
    screen = Image.new("RGB", (image.width, image.width * 2), (20, 20, 24))
    screen.paste(image, (0, (screen.height - image.height) // 2))
    for top in (image.width // 40, screen.height - image.width // 10):
        ImageDraw.Draw(screen).text(
            (image.width // 20, top), "12:34   a photo   + # @", "white", font_size=image.width // 20
        )
    return screen


CHANGES: dict[str, Change] = {
    "compressed only": lambda image, _: image,
    "half the size": lambda image, _: image.resize((image.width // 2, image.height // 2)),
    "a quarter of the size": lambda image, _: image.resize((image.width // 4, image.height // 4)),
    "gray": lambda image, _: image.convert("L").convert("RGB"),
    "30 % lighter": lambda image, _: ImageEnhance.Brightness(image).enhance(1.3),
    "40 % darker": lambda image, _: ImageEnhance.Brightness(image).enhance(0.6),
    "more contrast": lambda image, _: ImageEnhance.Contrast(image).enhance(1.4),
    "blurred, radius 2": lambda image, _: image.filter(ImageFilter.GaussianBlur(2)),
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "turned by 90 degrees": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    f"each edge cropped by 0 to {CROP_STEP * CROP_STEPS:.0%}": cut(0, CROP_STEP * CROP_STEPS),
    "the same, mirrored": lambda image, rng: ImageOps.mirror(cut(0, CROP_STEP * CROP_STEPS)(image, rng)),
    "each edge cropped by 11 to 15%": cut(0.11, 0.15),
    "turned by 2 degrees": lambda image, _: image.rotate(2, Image.Resampling.BICUBIC),
    "turned by 5 degrees": lambda image, _: image.rotate(5, Image.Resampling.BICUBIC),
    "large words across": caption,
    "white border of 2 %": framed(0.02),
    "white border of 5 %": framed(0.05),
    "white border of 20 % on two sides": lambda image, _: ImageOps.expand(image, (0, image.height // 5), "white"),
    "screenshot of a telephone": screenshot,
}


def load_photographs(names: tuple[str, ...]) -> list[Image.Image]:
    """Return photographs of scikit-image, which is not imported."""
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        sys.exit("scikit-image is not installed: it is the group photos of pyproject.toml")
    folder = Path(found.origin).parent / "data"
    return [Image.open(folder / name).convert("RGB") for name in names]


def encoded(image: Image.Image, kind: str = "JPEG") -> bytes:
    """Return a picture as the bytes of a file."""
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 70} if kind == "JPEG" else {}))
    return out.getvalue()


def nearest(references: PdqHashes, raw: bytes) -> int:
    """Return how many bits the hash of a file, or of what is within its frame, is from the nearest reference."""
    asked = PdqHashes.of(hash_photo_and_within(raw))
    differing = references.values[None] ^ asked.values[:, None]
    return int(np.bitwise_count(differing).sum(axis=2, dtype=int).min())


def main() -> None:
    """Change each photo in each way, print what is recognised."""
    groups = {
        "photographs": load_photographs(PHOTOGRAPHS),
        "textures": load_photographs(TEXTURES),
        "made photos": [made_photo(seed, 800, 600) for seed in range(MADE)],
    }
    references = {name: [reference_hashes(encoded(image, "PNG")) for image in of] for name, of in groups.items()}
    print("| copy | " + " | ".join(f"{name} ({len(of)})" for name, of in groups.items()) + " |")
    print("|---" * (len(groups) + 1) + "|")
    for name, change in CHANGES.items():
        rng, cells = np.random.default_rng(1), []
        for group, images in groups.items():
            distances = [
                nearest(of_image, encoded(change(image, rng)))
                for image, of_image in zip(images, references[group], strict=True)
                for _ in range(TRIALS if "cropped" in name or "same" in name else 1)
            ]
            caught = statistics.mean(distance <= MOST_DISTANCE for distance in distances)
            cells.append(f"{caught:.0%} ({statistics.median(distances):.0f} bits)")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    count_false_matches(groups, references)


def count_false_matches(groups: dict[str, list[Image.Image]], references: dict[str, list[PdqHashes]]) -> None:
    """Ask for every photo among the references of all, and count those of others that answer."""
    each = [one for of_group in references.values() for one in of_group]
    owners = np.repeat(np.arange(len(each)), [len(one) for one in each])
    index = HashIndex(PdqHashes(np.concatenate([one.values for one in each]), np.full(len(owners), 100, np.uint8)))
    asked = PdqHashes.of(hash_photo_and_within(encoded(image))[0] for images in groups.values() for image in images)
    matches = index.find_near(asked)
    false = int(np.count_nonzero(owners[matches.places] != matches.rows))
    compared = len(asked) * len(owners) - sum(len(one) for one in each)
    print(f"\n{false} of {compared:,} hashes of other photos taken for copies ({len(each) * (len(each) - 1)} pairs)")


if __name__ == "__main__":
    main()
