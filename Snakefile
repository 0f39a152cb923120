# snakedit: edit every benchmark image with every editor, judge the edits, build a report.
#
#   snakemake --cores all --resources gpu=6
#   snakemake compare_speed --cores all --resources gpu=6     also the serial baseline, and both compared
#
# config/ says what is run (see config/README.md), profiles/ how it is executed.

from snakemake.utils import min_version

min_version("9.27.1")


include: "rules/library.smk"


# The demo, unless another experiment is named: Snakemake would mix the two.
if not SNAKEMAKE.config_files:

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/cluster.smk"
include: "rules/prepare.smk"
include: "rules/edit.smk"
include: "rules/score.smk"
include: "rules/shards.smk"
include: "rules/report.smk"
include: "rules/baseline.smk"
include: "rules/handlers.smk"


rule all:
    default_target: True
    input:
        # All of a report's files: one that a newer version adds is missing in an older version's report.
        expand(rules.build_report.output, benchmark=CONFIG.benchmarks),
    localrule: True


rule compare_speed:
    input:
        expand(rules.build_comparison.output, benchmark=CONFIG.benchmarks),
    localrule: True


onstart:
    begin_run()


onsuccess:
    end_run()


onerror:
    end_run(OUTPUT.failed_jobs())
