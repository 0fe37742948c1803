#include "pgexpand/base/error.hpp"
#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace pgexpand::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string pattern = testing::TempDir() + "pgexpand_folder_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  void write_spec(const std::string& id, const std::string& depends_on) const {
    write(id + ".yaml", "depends_on: " + depends_on + "\n" + one_operation);
  }
  std::vector<std::string> load() {
    std::vector<std::string> ids;
    for (const auto& spec : load_folder(folder_.string(), findings_)) {
      ids.push_back(spec.id);
    }
    return ids;
  }

  std::filesystem::path folder_;
  Diagnostics findings_;
};

TEST_F(FolderTest, SpecsAreSortedAsText) {
  for (const auto* id : {"b", "a", "a_b", "10_x", "9_x"}) {
    write(std::string(id) + ".yaml", one_operation);
  }
  write("README.md", "not ours");
  EXPECT_THAT(load(), ElementsAre("10_x", "9_x", "a", "a_b", "b"));
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FolderTest, AnEmptyFolderIsFine) {
  EXPECT_THAT(load(), IsEmpty());
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FolderTest, AMissingFolderEndsTheCommand) {
  try {
    static_cast<void>(load_folder((folder_ / "none").string(), findings_));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.code(), "spec.no-folder");
  }
}

TEST_F(FolderTest, StrayFilesAreFindings) {
  write("a.yml", one_operation);
  write("b.YAML", one_operation);
  write("Bad-Name.yaml", one_operation);
  std::filesystem::create_directory(folder_ / "d.yaml");
  load();
  EXPECT_THAT(places(findings_),
              testing::UnorderedElementsAre(
                  "0:0 spec.stray-file", "0:0 spec.stray-file",
                  "0:0 spec.stray-file", "0:0 spec.bad-id"));
}

TEST_F(FolderTest, ATooLargeFileIsAFinding) {
  write("a.yaml", std::string((1 << 20) + 1, '#'));
  load();
  EXPECT_THAT(places(findings_), ElementsAre("0:0 spec.too-large"));
}

TEST_F(FolderTest, AnUnknownDependencyIsAFinding) {
  write_spec("orders", "[order_items]");
  write_spec("order_item", "[]");
  write("order_item.yaml", one_operation);
  load();
  EXPECT_THAT(places(findings_), ElementsAre("1:14 spec.unknown-dependency"));
  EXPECT_EQ(findings_.all()[0].hint, "did you mean \"order_item\"?");
}

TEST_F(FolderTest, ADependencyThatDoesNotParseIsNotUnknown) {
  write_spec("b", "[a]");
  write("a.yaml", "a: 'x");
  load();
  EXPECT_THAT(places(findings_), ElementsAre("1:4 spec.yaml-syntax"));
}

TEST_F(FolderTest, ADependencyMaySortLater) {
  write_spec("a", "[b]");
  write("b.yaml", one_operation);
  EXPECT_THAT(load(), ElementsAre("a", "b"));
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FolderTest, EveryCircleIsNamedOnce) {
  write_spec("a", "[b]");
  write_spec("b", "[c]");
  write_spec("c", "[a]");
  write_spec("d", "[a, e]");
  write_spec("e", "[e]");
  load();
  ASSERT_THAT(places(findings_), ElementsAre("1:14 spec.dependency-cycle",
                                             "1:14 spec.dependency-cycle"));
  EXPECT_EQ(findings_.all()[0].message,
            "a depends on itself: a -> b -> c -> a");
  EXPECT_THAT(findings_.all()[0].where.file, HasSubstr("c.yaml"));
  EXPECT_EQ(findings_.all()[1].message, "e depends on itself: e -> e");
}

}  // namespace
}  // namespace pgexpand::spec
