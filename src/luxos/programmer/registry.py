"""All steps that an application is made by, in one tuple; boot.py joins them with the tools."""

from luxos.programmer import builder, code_analyzer, deployer, source, tester

FUNCTIONS = (
    *source.FUNCTIONS,
    *builder.FUNCTIONS,
    *code_analyzer.FUNCTIONS,
    *tester.FUNCTIONS,
    *deployer.FUNCTIONS,
)
