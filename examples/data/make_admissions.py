#!/usr/bin/env python3
"""Writes admissions.csv, the table of docs/lineage.md: 640 patients of a hospital that does not exist. The same bytes on every machine.

    python3 examples/data/make_admissions.py > examples/data/admissions.csv
"""

import datetime

from make_patients import CLINICS, Numbers

PATIENTS = 640


def main() -> None:
    numbers = Numbers(2)
    print("patient,letter,admitted,clinic,sex,age,systolic,crp,readmitted")
    first = datetime.date(2025, 1, 1)
    for number in range(PATIENTS):
        # Numbers of patients say nothing about when they came.
        patient = 1001 + (number * 389) % PATIENTS
        admitted = first + datetime.timedelta(days=numbers.below(181))
        clinic = CLINICS[numbers.below(len(CLINICS))]
        sex = ("f", "m")[numbers.below(2)]
        # One in twelve is a child.
        age = 2 + numbers.below(16) if numbers.below(12) == 0 else min(max(numbers.about(62, 18), 18), 97)
        systolic = numbers.about(100 + age // 3, 20)
        crp = "" if numbers.below(12) == 0 else f"{numbers.below(90) / 10 + (numbers.below(8) == 0) * 80:.1f}"
        readmitted = "yes" if numbers.below(100) < 11 + (age > 75) * 6 else "no"
        print(f"{patient},L-{numbers.below(10**6):06},{admitted},{clinic},{sex},{age},{systolic},{crp},{readmitted}")


if __name__ == "__main__":
    main()
