// Package template renders chat templates: the Jinja programs in tokenizer_config.json, chat_template.jinja and GGUF
// files that turn messages into the text that a model was trained on. Its text equals that of transformers.
//
// It is an interpreter of its own for the part of Jinja that chat templates use, for two reasons. A template is a
// program of a stranger: it gets no files, no imports and no methods but those listed here, and its steps, memory and
// depth are bounded. And a rendered text must tell what the template wrote from what people wrote: [Template.Render]
// returns parts, so that the tokenizer makes special tokens of the template's text alone.
//
// What is not supported (include, import, extends, call, filter blocks, unknown filters, tests and methods) is refused
// by its name, most of it already by [Parse].
package template
