"""Which documents a JSON Schema takes: check_documents.py SCHEMA DOCUMENTS prints a line each.

The schema itself is checked against its draft first.
"""
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    documents = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for document in documents:
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    print(errors[0].replace("\n", " ")[:300] if errors else "valid")
