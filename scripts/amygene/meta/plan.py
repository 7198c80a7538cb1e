"""What the plan of a run needs to know; imports nothing, since every job reads the plan."""

#: after so many sets of random foci a hopeless analysis of convergence ends
PILOT = 1000
#: targets of transcranial magnetic stimulation as used in trials, MNI mm (Saberi 2024; Cash 2021, Hum Brain Mapp
#: 42:4155)
TARGETS = {"5CM": (-41.0, 16.0, 54.0), "BeamF3": (-41.0, 42.0, 34.0), "AntiSubgenual": (-38.0, 44.0, 26.0)}
