#!/usr/bin/env python3
"""Writes patients.csv, the table of the tutorial: 600 stays in a hospital that does not exist. The same bytes on every machine.

    python3 examples/data/make_patients.py > examples/data/patients.csv
"""

import datetime

STAYS = 600
CLINICS = ("cardiology", "surgery", "medicine")


class Numbers:
    """A linear congruential generator: Python's own may change."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, bound: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound

    def about(self, middle: int, spread: int) -> int:
        return middle + sum(self.below(2 * spread + 1) - spread for _ in range(3)) // 2


def main() -> None:
    numbers = Numbers(1)
    print("stay,admitted,clinic,sex,age,systolic,crp,days,readmitted")
    first = datetime.date(2025, 1, 1)
    for number in range(1, STAYS + 1):
        admitted = first + datetime.timedelta(days=numbers.below(181))
        clinic = CLINICS[numbers.below(len(CLINICS))]
        sex = ("f", "m")[numbers.below(2)]
        age = min(max(numbers.about(62, 18), 18), 97)
        systolic = numbers.about(120 + age // 5, 20)
        # C-reactive protein is not measured of everybody.
        crp = "" if numbers.below(12) == 0 else f"{numbers.below(90) / 10 + (numbers.below(8) == 0) * 80:.1f}"
        days = 1 + numbers.below(9) + (age > 80) * numbers.below(6)
        readmitted = "yes" if numbers.below(100) < 11 + (age > 75) * 6 else "no"
        print(f"S{number:04},{admitted},{clinic},{sex},{age},{systolic},{crp},{days},{readmitted}")


if __name__ == "__main__":
    main()
